// What a manifest refers to, as far as `regpass check` needs it (OCI image specification; Docker's schema 1 and 2).
#pragma once

#include "regpass/base/error.hpp"

#include <string>
#include <string_view>

namespace regpass::registry {

// Digests, checked by their grammar; empty where there is none.
struct manifest_parts {
  std::string manifest;  // of an index: the first manifest in it
  std::string blob;      // the smallest that every image has, its config; of schema 1 the first layer
};

// Errors: bad_message if the body is not a manifest.
result<manifest_parts> parse_manifest(std::string_view body);
// What makes a pushed manifest invalid for every registry, such as "it names no config". Empty if nothing is found.
// `type` is its Content-Type.
std::string manifest_flaw(std::string_view body, std::string_view type);
// The first of the tags that a repository lists (GET …/tags/list); empty if it has none. Errors: bad_message.
result<std::string> first_tag(std::string_view body);

}  // namespace regpass::registry
