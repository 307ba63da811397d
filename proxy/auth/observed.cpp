#include "auth/observed.hpp"

#include "regpass/base/text.hpp"

#include <boost/url/params_encoded_view.hpp>
#include <boost/url/parse_query.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace regpass::auth {

namespace {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

// What follows the scheme, when it is this one.
std::optional<std::string_view> authorization(const http::request_head& head, std::string_view scheme) {
  const auto value = head.headers.get("Authorization");
  if (!value || value->size() <= scheme.size() || !iequals(value->substr(0, scheme.size()), scheme))
    return std::nullopt;
  return trim(value->substr(scheme.size()));
}

credential_ptr named_only(const http::request_head& head) {
  const auto encoded = authorization(head, "Basic ");
  if (!encoded) return nullptr;
  auto made = std::make_shared<credential>();
  std::string pair;
  if (!decode_base64(*encoded, pair)) made->username = pair.substr(0, pair.find(':'));
  wipe(pair);
  return made;
}

bool is_form(const http::request_head& head) {
  return head.headers.get("Content-Type").value_or("").starts_with(form_type);
}

void read_query(std::string_view query, token_request& into) {
  const auto params = boost::urls::parse_query(query);
  if (!params) return;
  std::string scopes;
  for (const auto& one : *params) {
    const auto name = one.key.decode();
    if (name == "service") into.service = one.value.decode();
    if (name == "scope") scopes += (scopes.empty() ? "" : " ") + one.value.decode();
  }
  if (auto parsed = registry::parse_scopes(scopes)) into.scopes = std::move(*parsed);
}

}  // namespace

std::optional<token_request> read_token_request(const http::request_head& head, const http::origin& asked) {
  token_request made;
  made.realm.origin = asked;
  const auto mark = std::min(head.target.find('?'), head.target.size());
  made.realm.target = head.target.substr(0, mark);
  if (head.method == "POST" && is_form(head)) {
    made.how = token_request::form::post;
    return made;
  }
  if (head.method != "GET") return std::nullopt;
  read_query(std::string_view(head.target).substr(std::min(mark + 1, head.target.size())), made);
  if (made.service.empty() && made.scopes.empty()) return std::nullopt;
  made.credential = named_only(head);
  return made;
}

}  // namespace regpass::auth
