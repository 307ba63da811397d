#include "config/keys/schema.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

namespace regpass::config {
namespace {

namespace json = boost::json;

// An empty string is how the defaults of endpoints and paths are written.
json::object of_text(const key_facts& k) {
  if (k.kind == kind::choice) return {{"enum", json::value_from(k.choices)}};
  json::object out{{"type", "string"}};
  if (k.kind == kind::duration) out["pattern"] = "^[0-9]+(ms|s|m|h|d)$";
  if (k.kind == kind::endpoint) out["pattern"] = "^$|:[0-9]+$";
  if (k.kind == kind::host) out["minLength"] = 1;
  if (k.kind == kind::prefix) out["pattern"] = "^([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$";
  return out;
}

json::object of_list(const key_facts& k) {
  json::object items{{"type", "string"}, {"minLength", 1}};
  if (k.kind == kind::port_list) items = {{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}};
  if (k.kind == kind::pattern_list) items["pattern"] = "^[a-z0-9._/*-]+$";
  if (k.kind == kind::url_list) items["format"] = "uri";
  if (k.kind == kind::choice_list) items = {{"enum", json::value_from(k.choices)}};
  return {{"type", "array"}, {"items", std::move(items)}};
}

json::object of_kind(const key_facts& k) {
  if (k.kind == kind::boolean) return {{"type", "boolean"}};
  if (k.kind == kind::integer) return {{"type", "integer"}, {"minimum", k.least}, {"maximum", k.most}};
  return k.kind >= kind::path_list ? of_list(k) : of_text(k);
}

template <class Owner>
json::object property(const key<Owner>& k) {
  auto out = of_kind(k);
  out["description"] = k.text;
  const auto plain = [](const auto& v) { return json::value_from(v); };
  if (k.kind != kind::host) out["default"] = std::visit(plain, k.get(Owner{}));
  return out;
}

json::object table(json::object properties) {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

// Under its old name, if it has one.
template <class Owner>
void add_old_name(json::object& properties, const key<Owner>& k) {
  if (k.formerly.empty()) return;
  auto old = of_kind(k);
  old["description"] = "Now called " + std::string(k.name) + ".";
  old["deprecated"] = true;
  properties[k.formerly.substr(k.formerly.rfind('.') + 1)] = std::move(old);
}

template <class Owner>
json::object list_of(std::span<const key<Owner>> keys, json::array required) {
  json::object properties;
  for (const auto& key : keys) {
    properties[key.name] = property(key);
    add_old_name(properties, key);
  }
  auto element = table(std::move(properties));
  element["required"] = std::move(required);
  return {{"type", "array"}, {"items", std::move(element)}};
}

// The keys of the table in which the key stands.
json::object& properties_of(json::object& top, std::string_view key) {
  auto& own = top[key.substr(0, key.find('.'))];
  if (own.is_null()) own = table({});
  return own.at("properties").as_object();
}

json::object top() {
  json::object out;
  for (const auto& key : keys()) {
    const auto dot = key.name.find('.');
    if (dot == std::string_view::npos) {
      out[key.name] = property(key);
      continue;
    }
    properties_of(out, key.name)[key.name.substr(dot + 1)] = property(key);
    if (!key.formerly.empty()) add_old_name(properties_of(out, key.formerly), key);
  }
  out["mirror"] = list_of(mirror_keys(), json::array{"listen", "registry"});
  out["registry"] = list_of(registry_keys(), json::array{"host"});
  auto& in_registry = out["registry"].at("items").at("properties").as_object();
  in_registry["credential"] = list_of(credential_keys(), json::array{});
  auto& in_credentials = out["credentials"].at("properties").as_object();
  in_credentials["kubelet_provider"] = list_of(provider_keys(), json::array{"command", "match_images"});
  return table(std::move(out));
}

}  // namespace

std::string json_schema() {
  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Configuration of regpass"}};
  for (auto& [name, part] : top()) out[name] = part;
  return json::serialize(out);
}

}  // namespace regpass::config
