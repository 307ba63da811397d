// What may be done at a registry: actions by repository patterns. Default: pull everything, push and delete nothing.
#pragma once

#include "regpass/options/registry.hpp"
#include "regpass/registry/host.hpp"
#include "regpass/registry/operation.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::auth {

using options::injection;
using options::mount_rule;
using options::policy;

// '*' stands for any run of characters, '/' included; everything else for itself. The whole name must match.
bool matches(std::string_view pattern, std::string_view repository) noexcept;
bool any_matches(const std::vector<std::string>& patterns, std::string_view repository) noexcept;

struct verdict {
  bool allowed = true;
  std::string strip_mount{};  // allowed, but the mount must become an upload (T06), for this reason; empty: as it is
  std::string why;            // refused: "push to team-b/app is not allowed"
  std::string config_line;    // the line that would allow it: `push = ["team-b/app"]` under [[registry]] host = "…"
};
verdict judge(const policy&, const registry::host&, const registry::operation&);

}  // namespace regpass::auth
