// The kinds of credential sources and what the operator configures for each: the keys of [credentials] and
// [[registry.credential]].
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::options {

enum class credential_source : std::uint8_t { configured, docker_config, helper, kubelet };

inline constexpr std::array<std::pair<credential_source, std::string_view>, 4> credential_source_names{
    {{credential_source::configured, "configured"},
     {credential_source::docker_config, "docker-config"},
     {credential_source::helper, "helper"},
     {credential_source::kubelet, "kubelet"}}};

constexpr std::string_view name_of(credential_source source) noexcept {
  for (const auto& [value, name] : credential_source_names) {
    if (value == source) return name;
  }
  return "unknown";
}

// One [[registry.credential]].
struct registry_credential {
  std::size_t of = 0;  // index of its [[registry]]
  std::vector<std::string> repositories;
  std::vector<std::string> actions;  // names of registry::action
  std::string username;
  std::filesystem::path password_file;
  std::filesystem::path token_file;
  std::filesystem::path identity_token_file;
  std::filesystem::path docker_config;
};

// One [[credentials.kubelet_provider]].
struct kubelet_provider {
  std::vector<std::string> command;
  std::vector<std::string> match_images;
};

struct credential_settings {
  std::vector<std::filesystem::path> docker_config;  // empty: the default locations of docker and podman
  bool helpers = true;                               // whether docker-credential helpers may be run
  bool required = false;                             // whether /readyz requires a usable credential
  std::vector<kubelet_provider> kubelet_providers;
  std::vector<registry_credential> of_registries;
};

}  // namespace regpass::options
