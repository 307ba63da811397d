#include "regpass/registry/manifest.hpp"

#include "regpass/registry/reference.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

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

}  // namespace

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
