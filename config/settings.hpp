// All options together, as the program runs with them. Each module declares its own; what belongs to no module stands
// here.
#pragma once

#include "forward/services/options.hpp"
#include "options/listeners.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/transport/limits.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace regpass::config {

enum class readers { owner, group, everyone };

struct client_auth_settings {
  std::filesystem::path secret_file;  // empty: whoever reaches the proxy may use it
  bool create = false;
  readers readable_by = readers::owner;  // of the file that is created
  forward::client_rules rules{};
};

struct upstream_settings {
  secret proxy;          // a URL; "direct" or empty: none
  std::string no_proxy;  // NO_PROXY as regpass was started with; not a key
};

struct tls_settings {
  std::filesystem::path ca_dir;       // default: state_dir/ca
  std::filesystem::path publish_dir;  // default: state_dir/publish
  std::filesystem::path certs_dir = "/etc/docker/certs.d";
  std::filesystem::path key_log_file;  // empty: none
  bool fast_aes = true;
};

// One [[registry.credential]].
struct registry_credential {
  std::size_t of = 0;  // whose: index of the [[registry]]
  std::vector<std::string> repositories;
  std::vector<std::string> actions;  // names as of registry::action
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
  std::vector<std::filesystem::path> docker_config;  // default: where docker and podman keep them
  bool helpers = true;
  bool required = false;  // whether /readyz wants one that is usable
  std::vector<kubelet_provider> kubelet_providers;
  std::vector<registry_credential> of_registries;
};

struct explain_settings {
  bool annotate = true;
  std::size_t history = 256;
};

struct drain_settings {
  std::chrono::milliseconds idle{5'000};
  std::chrono::milliseconds timeout{600'000};
  std::filesystem::path quit_file;  // empty: none is looked for
};

// Keys of [limits] that belong to no module below.
struct process_limits {
  std::size_t workers = 0;      // threads; 0: one for each CPU that may be used, at most 4
  std::size_t connections = 0;  // per listener; 0: 10 000 or (nofile - 64) / 2, whichever is less
  std::size_t leaf_certificates = 256;
  std::size_t refusals_told = 20;  // per second, client and cause
  std::size_t credential_file = 1024 * 1024;
  std::chrono::milliseconds tunnel_idle{900'000};
};

struct settings {
  std::filesystem::path state_dir;
  options::listen_options listen;
  client_auth_settings client_auth;
  credential_settings credentials;
  std::vector<forward::registry_options> registries;
  std::vector<forward::mirror_options> mirrors;
  forward::registry_options registry_defaults;  // for hosts that have a credential and no [[registry]]
  forward::other_hosts other_hosts;
  upstream_settings upstream;
  tls_settings tls;
  explain_settings explain;
  drain_settings drain;
  log::options log;
  transport::limits limits;
  forward::token_bounds tokens;
  forward::program_bounds programs;
  process_limits process;
};

}  // namespace regpass::config
