// The rows of [limits]: every bound of docs/threat-model.md's table.
#pragma once

#include "schema.hpp"

#include <vector>

namespace regpass::config {

std::vector<key<settings>> limit_keys();

}  // namespace regpass::config
