// Image references and the grammar of their parts (distribution: reference package; OCI distribution spec "Pulling
// manifests").
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/registry/host.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace regpass::registry {

// [a-z0-9]+ groups joined by '.', '_', '__' or dashes, path components joined by '/'; at most 255 characters.
bool is_repository(std::string_view) noexcept;
// [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
bool is_tag(std::string_view) noexcept;
// algorithm ":" encoded; sha256 and sha512 with their exact length, in lower-case hex (CVE-2024-3727).
bool is_digest(std::string_view) noexcept;

struct reference {
  registry::host host;
  std::string repository;          // "library/alpine" for "alpine"
  std::optional<std::string> tag;  // "latest" when neither tag nor digest is written
  std::optional<std::string> digest;
};

// "alpine", "alpine:3", "registry.test:5443/team-a/app:1", "…@sha256:…"; the Docker rule decides whether the first part
// is a host (it contains '.' or ':' or is "localhost").
result<reference> parse_reference(std::string_view text);
std::string to_text(const reference&);

}  // namespace regpass::registry
