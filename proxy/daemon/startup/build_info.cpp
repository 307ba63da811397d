#include "daemon/startup/build_info.hpp"

namespace regpass::daemon {

std::string_view build_version() noexcept {
  return REGPASS_VERSION;
}
std::string_view build_commit() noexcept {
  return REGPASS_COMMIT;
}
std::string_view build_compiler() noexcept {
  return __VERSION__;
}

}  // namespace regpass::daemon
