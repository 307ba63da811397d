// What this program was built from and with.
#pragma once

#include <string_view>

namespace regpass::daemon {

std::string_view build_version() noexcept;
std::string_view build_commit() noexcept;
std::string_view build_compiler() noexcept;

}  // namespace regpass::daemon
