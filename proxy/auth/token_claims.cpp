// The claims of a JWT (RFC 7519) and of distribution's token format: "access" lists type, class, name and actions.
#include "auth/json_text.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace regpass::auth {
namespace {

namespace json = boost::json;

// Header, payload and signature, each base64url; only the payload is looked at.
std::optional<std::string> payload_of(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return decode_base64url(token.substr(first + 1, second - first - 1));
}

// NumericDate may have a fraction; years beyond any use are no dates.
std::optional<std::int64_t> date_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto seconds = std::floor(value->to_number<double>());
  if (!(std::abs(seconds) < 1e12)) return std::nullopt;
  return static_cast<std::int64_t>(seconds);
}

std::vector<std::string> audience_of(const json::object& object) {
  std::vector<std::string> all;
  const auto* value = object.if_contains("aud");
  if (value == nullptr) return all;
  if (value->is_string()) all.emplace_back(value->get_string());
  if (!value->is_array()) return all;
  for (const auto& one : value->get_array()) {
    if (one.is_string()) all.emplace_back(one.get_string());
  }
  return all;
}

std::optional<registry::scope> scope_of(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  registry::scope one;
  one.type = string_member(*object, "type");
  one.name = string_member(*object, "name");
  if (const auto kind = string_member(*object, "class"); !kind.empty()) one.type += fmt::format("({})", kind);
  one.type = registry::canonical_type(one.type);
  const auto* actions = object->if_contains("actions");
  if (one.type.empty() || one.name.empty() || actions == nullptr) return std::nullopt;
  if (actions->is_null()) return one;
  if (!actions->is_array()) return std::nullopt;
  for (const auto& action : actions->get_array()) {
    if (!action.is_string()) return std::nullopt;
    if (!action.get_string().empty()) one.actions.emplace(action.get_string());
  }
  return one;
}

// Go writes an empty list as null. An entry of unknown form makes the whole list unknown: taking it for less than it is
// would stop us from asking again.
std::optional<registry::scope_set> access_of(const json::object& object) {
  const auto* value = object.if_contains("access");
  if (value == nullptr) return std::nullopt;
  if (value->is_null()) return registry::scope_set{};
  if (!value->is_array()) return std::nullopt;
  registry::scope_set all;
  for (const auto& entry : value->get_array()) {
    auto one = scope_of(entry);
    if (!one) return std::nullopt;
    if (!one->actions.empty()) all.add(std::move(*one));
  }
  return all;
}

}  // namespace

std::optional<claims> read_claims(std::string_view token) {
  const auto payload = payload_of(token);
  if (!payload) return std::nullopt;
  const auto parsed = parse_json(*payload);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  const auto& object = parsed->get_object();
  return claims{.issuer = std::string(string_member(object, "iss")),
                .audience = audience_of(object),
                .subject = std::string(string_member(object, "sub")),
                .access = access_of(object),
                .issued_at = date_of(object, "iat"),
                .not_before = date_of(object, "nbf"),
                .expires_at = date_of(object, "exp")};
}

}  // namespace regpass::auth
