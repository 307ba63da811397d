#include "diagnosis/record/har_message.hpp"

#include "regpass/http/message.hpp"
#include "regpass/registry/host.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace regpass::diagnosis::har {
namespace {

namespace json = boost::json;

constexpr std::string_view hidden = "***";

json::object pair(std::string_view name, std::string_view value) {
  return {{"name", name}, {"value", value}};
}

std::string escaped(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/,*";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (plain.contains(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

// As written: masked values stay masked.
json::array query_of(std::string_view url) {
  json::array list;
  const auto mark = url.find('?');
  for (auto rest = mark == url.npos ? std::string_view() : url.substr(mark + 1); !rest.empty();) {
    const auto parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
    const auto equals = std::min(parameter.find('='), parameter.size());
    list.push_back(pair(parameter.substr(0, equals), parameter.substr(std::min(equals + 1, parameter.size()))));
  }
  return list;
}

std::string_view host_of(std::string_view url) {
  const auto begin = url.find("://");
  const auto rest = begin == url.npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

void add_authorization(json::array& headers, const keyword<authorization_kind>& authorization) {
  const auto* masked = authorization == authorization_kind::basic    ? "Basic ***"
                       : authorization == authorization_kind::bearer ? "Bearer ***"
                       : authorization == authorization_kind::client ? "*** (the client's own)"
                                                                     : nullptr;
  if (masked != nullptr) headers.push_back(pair("Authorization", masked));
}

// Collects each field that is a header of the answer.
class header_writer {
 public:
  template <class T>
  void operator()(std::string_view, const T& v, const shown& as = {}) {
    if (!as.header.empty()) add(as, v);
  }

  json::array headers;

 private:
  void add(const shown& as, bool v) {
    if (v) headers.push_back(pair(as.header, as.header_value));
  }
  void add(const shown& as, const std::string& v) {
    if (!v.empty()) headers.push_back(pair(as.header, v));
  }
  void add(const shown& as, const std::vector<std::string>& list) {
    for (const auto& v : list) add(as, v);
  }
  void add(const shown&, const auto&) {}
};

json::object answer(int status, std::string_view http, json::array headers, json::object content) {
  return {{"status", status},    {"statusText", http::reason_phrase(status)},
          {"httpVersion", http}, {"cookies", json::array()},
          {"headers", headers},  {"content", content},
          {"redirectURL", ""},   {"headersSize", -1},
          {"bodySize", -1}};
}

json::object content_of(std::string_view type, const std::string& text) {
  json::object result{{"size", text.size()}, {"mimeType", type}};
  if (text.empty()) return result;
  result["text"] = text;
  result["comment"] = "what regpass kept of the body";
  return result;
}

std::string body_of(const answered_step& s) {
  if (s.errors.empty()) return s.message;
  json::array errors;
  for (const auto& error : s.errors) {
    json::object object{{"code", error.code}, {"message", error.message}};
    if (!error.detail.empty()) object["detail"] = error.detail;
    errors.push_back(std::move(object));
  }
  return json::serialize(json::object{{"errors", std::move(errors)}});
}

using parameters = std::vector<std::pair<std::string_view, std::string>>;

// GET: the specification repeats `scope`; POST: a form has all of them in one.
parameters parameters_of(const token_request_step& s, bool post) {
  parameters result;
  if (!s.service.empty()) result.emplace_back("service", s.service);
  if (post && !s.scope.empty()) result.emplace_back("scope", s.scope);
  for (std::string_view rest = post ? std::string_view() : std::string_view(s.scope); !rest.empty();) {
    const auto scope = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(scope.size() + 1, rest.size()));
    if (!scope.empty()) result.emplace_back("scope", scope);
  }
  if (!post) return result;
  const bool refresh = s.credential == authorization_kind::identity_token;
  result.emplace_back("client_id", "regpass");
  result.emplace_back("grant_type", refresh ? "refresh_token" : "password");
  if (refresh) result.emplace_back("refresh_token", hidden);
  if (!refresh) result.emplace_back("password", hidden);
  return result;
}

std::string joined(const parameters& all) {
  std::string text;
  for (const auto& [name, value] : all) {
    text += (text.empty() ? "" : "&") + std::string(name) + "=" + escaped(value);
  }
  return text;
}

json::object form_of(const parameters& all) {
  json::array list;
  for (const auto& [name, value] : all) list.push_back(pair(name, value));
  return {{"mimeType", "application/x-www-form-urlencoded"}, {"params", std::move(list)}, {"text", joined(all)}};
}

}  // namespace

std::string origin_of(const evidence& e) {
  const auto host = registry::parse_host(e.registry);
  if (!host) return "https://" + (e.registry.empty() ? std::string("unknown.invalid") : escaped(e.registry));
  const bool v6 = host->name.contains(':');
  const auto name = v6 ? "[" + host->name + "]" : registry::api_name(*host);
  return "https://" + name + (host->port == 443 ? std::string() : ":" + std::to_string(host->port));
}

std::string version_of(std::string_view http) {
  return http.empty() ? "unknown" : "HTTP/" + std::string(http);
}

json::object request(std::string_view method, const std::string& url, std::string_view http,
                     const keyword<authorization_kind>& authorization) {
  json::array headers;
  headers.push_back(pair("Host", host_of(url)));
  add_authorization(headers, authorization);
  return {{"method", method.empty() ? "GET" : method},
          {"url", url},
          {"httpVersion", version_of(http)},
          {"cookies", json::array()},
          {"headers", std::move(headers)},
          {"queryString", query_of(url)},
          {"headersSize", -1},
          {"bodySize", -1}};
}

json::object request(const token_request_step& s) {
  const bool post = s.method == "POST";
  const auto asked = parameters_of(s, post);
  const auto text = joined(asked);
  auto url = s.realm;
  if (!post && !text.empty()) url += (url.contains('?') ? "&" : "?") + text;
  auto result = request(s.method, url, {}, post ? keyword<authorization_kind>() : s.credential);
  if (post) result["postData"] = form_of(asked);
  return result;
}

json::object response(int status, std::string_view http) {
  return answer(status, version_of(http), json::array(), content_of("x-unknown", {}));
}

json::object response(const answered_step& s, std::string_view http) {
  header_writer writer;
  fields(writer, s);
  auto result = answer(s.status, version_of(http), std::move(writer.headers),
                       content_of(s.content_type.empty() ? "x-unknown" : std::string_view(s.content_type), body_of(s)));
  result["redirectURL"] = s.location;
  return result;
}

json::object response(const token_answer_step& s) {
  return answer(s.status, version_of({}), json::array(), content_of("x-unknown", s.message));
}

json::object no_response() {
  return answer(0, version_of({}), json::array(), content_of("x-unknown", {}));
}

}  // namespace regpass::diagnosis::har
