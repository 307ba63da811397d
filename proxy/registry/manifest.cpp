#include "regpass/registry/manifest.hpp"

#include "regpass/base/text.hpp"
#include "regpass/registry/reference.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <initializer_list>

namespace regpass::registry {
namespace {

namespace json = boost::json;

json::value parsed(std::string_view body) {
  json::error_code ec;
  auto value = json::parse(body, ec);
  return ec ? json::value() : value;
}

const json::value* member(const json::value* of, std::string_view name) {
  const auto* object = of == nullptr ? nullptr : of->if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

const json::value* first_in(const json::value* list) {
  const auto* array = list == nullptr ? nullptr : list->if_array();
  return array == nullptr || array->empty() ? nullptr : &array->front();
}

std::string text_of(const json::value* value) {
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::string digest_in(const json::value* of, std::string_view name) {
  auto text = text_of(member(of, name));
  return is_digest(text) ? text : std::string();
}

bool names_any(const json::value& whole, std::initializer_list<std::string_view> members) {
  return std::ranges::any_of(members, [&](auto name) { return member(&whole, name) != nullptr; });
}

bool is_list(const json::value* value) {
  return value != nullptr && value->is_array();
}

// What distribution's registries require of a descriptor.
bool is_descriptor(const json::value& value) {
  const auto* size = member(&value, "size");
  return !digest_in(&value, "digest").empty() && size != nullptr && size->is_number() && size->to_number<double>() >= 0;
}

std::string list_flaw(const json::value& whole, std::string_view name) {
  const auto* list = member(&whole, name);
  if (!is_list(list)) return "it has no list of " + std::string(name);
  const bool sound = std::ranges::all_of(list->get_array(), is_descriptor);
  return sound ? "" : "one of its " + std::string(name) + " lacks a digest or a size";
}

bool has_version_2(const json::value& whole) {
  const auto* version = member(&whole, "schemaVersion");
  return version != nullptr && version->is_number() && version->to_number<double>() == 2;
}

}  // namespace

std::string manifest_flaw(std::string_view body, std::string_view type) {
  constexpr std::string_view image = "image.manifest.v1+json";
  constexpr std::string_view schema_2 = "distribution.manifest.v2+json";
  if (trim(body).empty()) return "it is empty";
  const auto whole = parsed(body);
  if (!whole.is_object()) return "it is no JSON object";
  const bool empty = !names_any(whole, {"config", "layers", "manifests", "fsLayers", "blobs", "subject"});
  if (empty) return "it names neither a config and layers nor manifests";
  const auto own_type = text_of(member(&whole, "mediaType"));
  const auto media_type = trim(type.substr(0, type.find(';')));
  const bool known_type = media_type.ends_with(image) || media_type.ends_with(schema_2);
  if (known_type && !own_type.empty() && own_type != media_type) {
    return "mediaType " + clean(own_type, 60) + ", but Content-Type " + clean(media_type, 60);
  }
  const bool is_index = member(&whole, "manifests") != nullptr;
  if (!is_index && !known_type) return {};
  const std::string old = has_version_2(whole) ? "" : "its schemaVersion is not 2";
  if (is_index) {
    auto flaw = list_flaw(whole, "manifests");
    return flaw.empty() ? old : flaw;
  }
  const auto* config = member(&whole, "config");
  if (config == nullptr) return "it names no config";
  if (digest_in(config, "digest").empty()) return "its config has no digest";
  if (!is_descriptor(*config)) return "its config has no size";
  auto flaw = list_flaw(whole, "layers");
  return flaw.empty() ? old : flaw;
}

result<manifest_parts> parse_manifest(std::string_view body) {
  const auto whole = parsed(body);
  manifest_parts parts;
  parts.manifest = digest_in(first_in(member(&whole, "manifests")), "digest");
  parts.blob = digest_in(member(&whole, "config"), "digest");
  if (parts.blob.empty()) parts.blob = digest_in(first_in(member(&whole, "layers")), "digest");
  if (parts.blob.empty()) parts.blob = digest_in(first_in(member(&whole, "fsLayers")), "blobSum");
  if (parts.manifest.empty() && parts.blob.empty()) return fail(errc::bad_message, "the manifest names no blob");
  return parts;
}

result<std::string> first_tag(std::string_view body) {
  const auto whole = parsed(body);
  if (!whole.is_object()) return fail(errc::bad_message, "the list of tags is no JSON object");
  const auto tag = text_of(first_in(member(&whole, "tags")));
  return is_tag(tag) ? tag : std::string();
}

}  // namespace regpass::registry
