// Reading files that the operator named.
#pragma once

#include "regpass/base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace regpass::config {

// The whole file. Not more than `most` bytes; FIFOs, sockets and directories are errors, and are not waited for.
result<std::string> read_file(const std::filesystem::path&, std::size_t most);

}  // namespace regpass::config
