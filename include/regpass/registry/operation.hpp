// What a request to a registry's API does: action, repository and the scopes it needs, from method and target alone.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/registry/scope.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::registry {

enum class action : std::uint8_t { ping, pull, push, remove, catalog };
std::string_view name_of(action) noexcept;  // "ping", "pull", "push", "delete", "catalog"

enum class endpoint : std::uint8_t { base, catalog, manifest, blob, upload_start, upload, tags, referrers };

struct operation {
  registry::action action = action::ping;
  registry::endpoint endpoint = endpoint::base;
  std::string repository;                 // empty for base and catalog
  std::string reference;                  // tag or digest of manifests, digest of blobs and referrers, upload state
  std::optional<std::string> mount_from;  // repository named by from= of an upload start that mounts a blob
  scope_set needed;  // what the distribution registry asks for this request (docs/clients.md, "Scopes")

  bool operator==(const operation&) const = default;
};

// `target` is path and query as on the request line. Only the distribution API's grammar is accepted: repository, tag
// and digest by their grammars, no dot segments, empty segments, encoded slashes or control bytes, no repeated mount,
// from or digest (T05, T06). The path is read from the right, since repository names may contain "blobs", "manifests",
// "uploads" and so on. Errors: bad_message (malformed: 400), unsupported (a method or path that the API does not know:
// 404/405 is the registry's to say, but no credential may go there). An upload's own URL (PATCH/PUT/GET/DELETE of a
// Location) is recognised by its form only; other forms are the business of whoever remembers Locations.
result<operation> parse_operation(std::string_view method, std::string_view target);

// What the method does at a Location that was handed out for an upload to this repository, whatever the Location looks
// like. Error: unsupported, for methods that no upload knows.
result<operation> upload_operation(std::string_view method, std::string_view repository);

// The target of an upload start without mount=, from= and origin=, other parameters kept.
std::string without_mount(std::string_view target);

}  // namespace regpass::registry
