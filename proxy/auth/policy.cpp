#include "auth/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::auth {
namespace {

std::string under(const registry::host& host, std::string_view line) {
  return fmt::format("{} under [[registry]] host = \"{}\"", line, registry::to_text(host));
}

verdict refuse_repository(const registry::host& host, std::string_view repository, std::string_view what,
                          std::string_view key) {
  return {.allowed = false,
          .why = fmt::format("{} {} is not allowed by policy", what, repository),
          .config_line = under(host, fmt::format("{} = [\"{}\"]", key, repository))};
}

verdict refuse_catalog(const registry::host& host) {
  return {.allowed = false,
          .why = "listing the catalog is not allowed by policy",
          .config_line = under(host, "catalog = true")};
}

// A mount reads from another repository; without the right to do that it still can be an upload.
verdict allow_push(const policy& rules, const registry::operation& wanted) {
  verdict allowed;
  const bool foreign = wanted.mount_from && *wanted.mount_from != wanted.repository;
  if (!foreign) return allowed;
  if (rules.mount == mount_rule::upload) allowed.strip_mount = "the configuration says mount = \"upload\"";
  if (!any_matches(rules.pull, *wanted.mount_from))
    allowed.strip_mount = "policy does not allow to pull from the mount's source";
  return allowed;
}

}  // namespace

// Greedy with one point to come back to: the last '*' passed.
bool matches(std::string_view pattern, std::string_view repository) noexcept {
  std::size_t p = 0;
  std::size_t r = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resumed = 0;
  while (r < repository.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resumed = r;
    } else if (p < pattern.size() && pattern[p] == repository[r]) {
      ++p;
      ++r;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      r = ++resumed;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view repository) noexcept {
  return std::ranges::any_of(patterns, [&](const auto& one) { return matches(one, repository); });
}

verdict judge(const policy& rules, const registry::host& host, const registry::operation& wanted) {
  const auto& repository = wanted.repository;
  switch (wanted.action) {
    case registry::action::ping:
      return {};
    case registry::action::catalog:
      return rules.catalog ? verdict{} : refuse_catalog(host);
    case registry::action::pull:
      return any_matches(rules.pull, repository) ? verdict{} : refuse_repository(host, repository, "pull of", "pull");
    case registry::action::push:
      if (!any_matches(rules.push, repository)) return refuse_repository(host, repository, "push to", "push");
      return allow_push(rules, wanted);
    case registry::action::remove:
      if (any_matches(rules.remove, repository)) return {};
      return refuse_repository(host, repository, "delete in", "delete");
  }
  return {.allowed = false, .why = "an unknown action is not allowed", .config_line = {}};
}

}  // namespace regpass::auth
