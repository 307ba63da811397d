#include "config/assembly.hpp"
#include "config/keys/schema.hpp"

#include <unistd.h>

#include <filesystem>
#include <utility>

namespace regpass::config {
namespace {

using std::filesystem::path;

constexpr auto by_default = "default";

std::string variable(const inputs& in, const std::string& name) {
  const auto found = in.environment.find(name);
  return found == in.environment.end() ? std::string() : found->second;
}

// The directory, and the variable that named it. XDG Base Directory Specification: relative paths are ignored.
std::pair<path, std::string> default_state_dir(const inputs& in) {
  const auto systemd = variable(in, "STATE_DIRECTORY");  // systemd.exec(5): a colon between several
  if (!systemd.empty()) return {systemd.substr(0, systemd.find(':')), "STATE_DIRECTORY"};
  const path xdg = variable(in, "XDG_STATE_HOME"), home = variable(in, "HOME");
  if (xdg.is_absolute()) return {xdg / "regpass", "XDG_STATE_HOME"};
  if (!in.root && home.is_absolute()) return {home / ".local/state/regpass", "HOME"};
  return {"/var/lib/regpass", ""};
}

}  // namespace

bool runs_as_root() noexcept {
  return ::geteuid() == 0;
}

std::string element_prefix(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "].";
}

std::string registry_prefix(std::size_t index) {
  return element_prefix("registry", index);
}

std::string mirror_prefix(std::size_t index) {
  return element_prefix("mirror", index);
}

void apply_defaults(assembly& a, purpose p) {
  for (const auto& key : keys()) a.result.origins[std::string(key.name)] = by_default;
  auto& s = a.result.settings;
  if (p != purpose::run) return;
  s.listen.proxy = "127.0.0.1:0";
  s.listen.health.clear();
  s.listen.admin.clear();
  s.registry_defaults.policy.push = {"*"};
}

void add_registry(assembly& a, const std::string& place) {
  auto& registries = a.result.settings.registries;
  const auto prefix = registry_prefix(registries.size());
  registries.push_back(a.result.settings.registry_defaults);
  a.places[prefix] = place;
  for (const auto& key : registry_keys()) a.result.origins[prefix + std::string(key.name)] = by_default;
}

void add_mirror(assembly& a, const std::string& place) {
  auto& mirrors = a.result.settings.mirrors;
  const auto prefix = mirror_prefix(mirrors.size());
  mirrors.emplace_back();
  a.places[prefix] = place;
  for (const auto& key : mirror_keys()) a.result.origins[prefix + std::string(key.name)] = by_default;
}

void add_registry_credential(assembly& a, std::size_t registry, const std::string& place) {
  auto& list = a.result.settings.credentials.of_registries;
  const auto prefix = element_prefix(credential_list, list.size());
  list.emplace_back().of = registry;
  a.places[prefix] = place;
  for (const auto& key : credential_keys()) a.result.origins[prefix + std::string(key.name)] = by_default;
}

void add_provider(assembly& a, const std::string& place) {
  auto& list = a.result.settings.credentials.kubelet_providers;
  const auto prefix = element_prefix(provider_list, list.size());
  list.emplace_back();
  a.places[prefix] = place;
  for (const auto& key : provider_keys()) a.result.origins[prefix + std::string(key.name)] = by_default;
}

void choose_directories(assembly& a, const inputs& in) {
  auto& s = a.result.settings;
  const auto choose = [&](path& directory, const std::string& key, const path& fallback, const std::string& from) {
    if (!directory.empty()) return;
    directory = fallback;
    a.result.origins[key] = from.empty() ? by_default : "default, by " + from;
  };
  const auto [state, from] = default_state_dir(in);
  choose(s.state_dir, "state_dir", state, from);
  choose(s.tls.ca_dir, "tls.ca_dir", s.state_dir / "ca", {});
  choose(s.tls.publish_dir, "tls.publish_dir", s.state_dir / "publish", {});
}

}  // namespace regpass::config
