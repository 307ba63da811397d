#include "daemon/report/build_step_warnings.hpp"

#include "regpass/base/log.hpp"
#include "regpass/registry/host.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace regpass::daemon {

std::string step_remark(const forward::snapshot& from) {
  if (!from.client_password || from.clients.builder == forward::builder_kind::other) return {};
  std::vector<std::string> in_clear;
  for (const auto& [host, entry] : from.registries) {
    if (entry.options.injection == auth::injection::observe) continue;
    if (entry.options.upgrade_plain_http || entry.options.plain_http) in_clear.push_back(registry::to_text(host));
  }
  if (in_clear.empty()) return {};
  return fmt::format(
      "build steps can ask for HEAD of {} with the password of a BuildKit that runs them with --proxy-network: over "
      "plain HTTP such a request looks like BuildKit's own. Let BuildKit use https:// or a [[mirror]] with a path; if "
      "no BuildKit has the password, set client_auth.builder = \"other\"",
      fmt::join(in_clear, ", "));
}

void warn_of_steps(const forward::snapshot& from) {
  const auto remark = step_remark(from);
  if (!remark.empty()) log::write(log::level::warn, "client-auth", remark);
}

}  // namespace regpass::daemon
