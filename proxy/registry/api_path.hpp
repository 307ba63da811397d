// The path of a request to the distribution API, read from the right.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/registry/operation.hpp"

#include <string>
#include <string_view>

namespace regpass::registry {

struct api_path {
  registry::endpoint endpoint = endpoint::base;
  std::string repository;  // empty for base and catalog
  std::string reference;
};

// Errors as of `parse_operation`.
result<api_path> read_path(std::string_view path);

}  // namespace regpass::registry
