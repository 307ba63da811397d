// Reads files that others write, with a bound and without blocking on special files (T29).
#pragma once

#include "regpass/base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace regpass {

// A regular file of at most `cap` bytes, symlinks followed (Kubernetes mounts are made of them). A FIFO or a device is
// refused without waiting for it; /dev/null counts as an empty file. Errors: not_found, too_large, bad_input (no
// regular file), denied (no permission), io; each begins with the path.
result<std::string> read_file(const std::filesystem::path& path, std::size_t cap);

}  // namespace regpass
