#include "daemon/configuration/reload_guard.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace regpass::daemon {
namespace {

using config::loaded;
using config::problem;
using lost = std::optional<problem>;

problem needs_restart(std::string summary) {
  return {std::move(summary), "write it again; if it is meant to go, restart regpass"};
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trim(text.substr(0, end));
    if (!line.empty() && !line.starts_with('#')) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

lost lost_file(const loaded& before, const loaded& after) {
  if (before.file.empty()) return std::nullopt;
  const auto name = clean(before.file.string());
  if (after.file.empty()) return needs_restart("the configuration file " + name + " is gone");
  const auto old = before.text.expose();
  const auto text = after.text.expose();
  if (is_blank(text) && !is_blank(old)) return needs_restart(name + " is empty");
  const bool shorter = text.size() < old.size() && old.starts_with(text);
  if (!shorter || text.ends_with('\n') || old[text.size()] == '\n') return std::nullopt;
  const auto line = std::ranges::count(text, '\n') + 1;
  return problem{fmt::format("{} ends in the middle of line {}: it was cut while it was written", name, line),
                 "write the whole file, to a temporary one beside it that is then renamed"};
}

// Whether the key is not set.
bool is_default(const loaded& of, const std::string& key) {
  const auto found = of.origins.find(key);
  return found == of.origins.end() || found->second == "default";
}

problem not_written(const std::string& key, const std::string& where = {}) {
  return needs_restart(fmt::format("`{}`{}{} is not written any more, and its default allows more", key,
                                   where.empty() ? "" : " of ", where));
}

lost lost_global(const loaded& before, const loaded& after) {
  const auto& was = before.settings;
  const auto& is = after.settings;
  if (!was.client_auth.secret_file.empty() && is.client_auth.secret_file.empty()) {
    return needs_restart("`client_auth.secret_file` is gone: clients without a password would be served");
  }
  using options::builder_kind;
  const bool strict = was.client_auth.rules.builder == builder_kind::buildkit;
  const bool laxer = strict && is.client_auth.rules.builder != builder_kind::buildkit;
  if (laxer && is_default(after, "client_auth.builder")) return not_written("client_auth.builder");
  using action = options::other_hosts::what;
  const bool refused = was.other_hosts.action == action::refuse && is.other_hosts.action != action::refuse;
  if (refused && is_default(after, "other_hosts.action")) return not_written("other_hosts.action");
  const auto& ports = was.other_hosts.ports;
  const auto allowed = [&](auto port) { return std::ranges::find(ports, port) != ports.end(); };
  const bool more_ports = !std::ranges::all_of(is.other_hosts.ports, allowed);
  if (more_ports && is_default(after, "other_hosts.ports")) return not_written("other_hosts.ports");
  const bool helpers = !was.credentials.helpers && is.credentials.helpers;
  if (helpers && is_default(after, "credentials.helpers")) return not_written("credentials.helpers");
  const bool files = !was.credentials.docker_config.empty() && is.credentials.docker_config.empty();
  if (files && is_default(after, "credentials.docker_config")) return not_written("credentials.docker_config");
  return std::nullopt;
}

lost lost_mirror(const loaded& before, const loaded& after) {
  for (const auto& was : before.settings.mirrors) {
    const auto& all = after.settings.mirrors;
    const auto is = std::ranges::find(all, was.listen, &options::mirror_options::listen);
    if (is != all.end() && !was.path.empty() && is->path.empty()) {
      return not_written("path", "the [[mirror]] at " + was.listen);
    }
  }
  return std::nullopt;
}

bool is_within(const std::vector<std::string>& patterns, const std::vector<std::string>& of) {
  return std::ranges::all_of(patterns, [&](const auto& pattern) {
    return std::ranges::find(of, pattern) != of.end() || std::ranges::find(of, "*") != of.end();
  });
}

// The rules for the host after the reload, whether or not it still has a [[registry]].
lost lost_rules(const options::registry_options& was, const loaded& after) {
  const auto& all = after.settings.registries;
  const auto found = std::ranges::find(all, was.host, &options::registry_options::host);
  const auto& is = found == all.end() ? after.settings.registry_defaults : *found;
  const auto prefix = fmt::format("registry[{}].", found - all.begin());
  const auto where = registry::to_text(was.host);
  const auto gone = [&](const std::string& key, bool allows_more) {
    return allows_more && (found == all.end() || is_default(after, prefix + key));
  };
  using enum options::injection;
  const auto& old = was.policy;
  if (gone("pull", !is_within(is.policy.pull, old.pull))) return not_written("pull", where);
  if (gone("push", !is_within(is.policy.push, old.push))) return not_written("push", where);
  if (gone("delete", !is_within(is.policy.remove, old.remove))) return not_written("delete", where);
  if (gone("catalog", is.policy.catalog && !old.catalog)) return not_written("catalog", where);
  const bool more = was.injection != replace && is.injection == replace;
  if (gone("authorization", more)) return not_written("authorization", where);
  return std::nullopt;
}

lost lost_registry(const loaded& before, const loaded& after) {
  for (const auto& was : before.settings.registries) {
    if (auto problem = lost_rules(was, after)) return problem;
  }
  return std::nullopt;
}

auto files_of(const config::registry_credential& c) {
  return std::tie(c.username, c.password_file, c.token_file, c.identity_token_file, c.docker_config);
}

lost lost_range(const loaded& before, const loaded& after) {
  const auto& now_there = after.settings.credentials.of_registries;
  for (const auto& was : before.settings.credentials.of_registries) {
    for (const auto& is : now_there) {
      const bool same = files_of(was) == files_of(is);
      const auto where = "a [[registry.credential]]";
      if (same && !was.repositories.empty() && is.repositories.empty()) return not_written("repositories", where);
      if (same && !was.actions.empty() && is.actions.empty()) return not_written("actions", where);
    }
  }
  return std::nullopt;
}

}  // namespace

lost lost_fence(const loaded& before, const loaded& after) {
  for (const auto find : {lost_file, lost_global, lost_mirror, lost_registry, lost_range}) {
    if (auto problem = find(before, after)) return problem;
  }
  return std::nullopt;
}

}  // namespace regpass::daemon
