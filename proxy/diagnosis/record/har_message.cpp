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

// As written: what is masked stays so.
json::array query_of(std::string_view url) {
  json::array list;
  const auto mark = url.find('?');
  for (auto rest = mark == url.npos ? std::string_view() : url.substr(mark + 1); !rest.empty();) {
    const auto one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    const auto equals = std::min(one.find('='), one.size());
    list.push_back(pair(one.substr(0, equals), one.substr(std::min(equals + 1, one.size()))));
  }
  return list;
}

std::string_view host_of(std::string_view url) {
  const auto begin = url.find("://");
  const auto rest = begin == url.npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

void add_authorization(json::array& headers, std::string_view authorization) {
  const auto* shown = authorization == "basic"    ? "Basic ***"
                      : authorization == "bearer" ? "Bearer ***"
                      : authorization == "client" ? "*** (the client's own)"
                                                  : nullptr;
  if (shown != nullptr) headers.push_back(pair("Authorization", shown));
}

json::object answer(int status, std::string_view http, json::array headers, json::object content) {
  return {{"status", status},    {"statusText", http::reason_phrase(status)},
          {"httpVersion", http}, {"cookies", json::array()},
          {"headers", headers},  {"content", content},
          {"redirectURL", ""},   {"headersSize", -1},
          {"bodySize", -1}};
}

json::object content_of(std::string_view type, const std::string& text) {
  json::object made{{"size", text.size()}, {"mimeType", type}};
  if (text.empty()) return made;
  made["text"] = text;
  made["comment"] = "what regpass kept of the body";
  return made;
}

std::string body_of(const answered_step& s) {
  if (s.errors.empty()) return s.message;
  json::array errors;
  for (const auto& one : s.errors) {
    json::object made{{"code", one.code}, {"message", one.message}};
    if (!one.detail.empty()) made["detail"] = one.detail;
    errors.push_back(std::move(made));
  }
  return json::serialize(json::object{{"errors", std::move(errors)}});
}

using parameters = std::vector<std::pair<std::string_view, std::string>>;

// GET: the specification repeats `scope`; POST: a form has all of them in one.
parameters requested_by(const token_request_step& s, bool post) {
  parameters made;
  if (!s.service.empty()) made.emplace_back("service", s.service);
  if (post && !s.scope.empty()) made.emplace_back("scope", s.scope);
  for (std::string_view rest = post ? std::string_view() : std::string_view(s.scope); !rest.empty();) {
    const auto one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (!one.empty()) made.emplace_back("scope", one);
  }
  if (!post) return made;
  const bool refresh = s.credential == "identity-token" || s.credential == "identity_token";
  made.emplace_back("client_id", "regpass");
  made.emplace_back("grant_type", refresh ? "refresh_token" : "password");
  if (refresh) made.emplace_back("refresh_token", hidden);
  if (!refresh) made.emplace_back("password", hidden);
  return made;
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
                     std::string_view authorization) {
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
  const auto asked = requested_by(s, post);
  const auto text = joined(asked);
  auto url = s.realm;
  if (!post && !text.empty()) url += (url.contains('?') ? "&" : "?") + text;
  auto made = request(s.method, url, {}, post ? std::string_view() : std::string_view(s.credential));
  if (post) made["postData"] = form_of(asked);
  return made;
}

json::object response(int status, std::string_view http) {
  return answer(status, version_of(http), json::array(), content_of("x-unknown", {}));
}

json::object response(const answered_step& s, std::string_view http) {
  json::array headers;
  if (!s.content_type.empty()) headers.push_back(pair("Content-Type", s.content_type));
  if (!s.server.empty()) headers.push_back(pair("Server", s.server));
  if (s.api_version) headers.push_back(pair("Docker-Distribution-Api-Version", "registry/2.0"));
  for (const auto& one : s.challenges) headers.push_back(pair("WWW-Authenticate", one));
  if (!s.location.empty()) headers.push_back(pair("Location", s.location));
  if (!s.allow.empty()) headers.push_back(pair("Allow", s.allow));
  auto made = answer(s.status, version_of(http), std::move(headers),
                     content_of(s.content_type.empty() ? "x-unknown" : std::string_view(s.content_type), body_of(s)));
  made["redirectURL"] = s.location;
  return made;
}

json::object response(const token_answer_step& s) {
  return answer(s.status, version_of({}), json::array(), content_of("x-unknown", s.message));
}

json::object no_response() {
  return answer(0, version_of({}), json::array(), content_of("x-unknown", {}));
}

}  // namespace regpass::diagnosis::har
