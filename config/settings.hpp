// All settings of a running regpass. Options that a module reads are in include/regpass/options; the daemon's own are
// here.
#pragma once

#include "options/credentials.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/options/clients.hpp"
#include "regpass/options/limits.hpp"
#include "regpass/options/listeners.hpp"
#include "regpass/options/registry.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace regpass::config {

enum class readers { owner, group, everyone };

struct client_auth_settings {
  std::filesystem::path secret_file;  // empty: anyone who can reach the proxy may use it
  bool create = false;
  readers readable_by = readers::owner;  // permission of the created file
  options::client_rules rules{};
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

using options::credential_settings;
using options::kubelet_provider;
using options::registry_credential;

struct explain_settings {
  bool annotate = true;
  std::size_t history = 256;
};

struct drain_settings {
  std::chrono::milliseconds idle{5'000};
  std::chrono::milliseconds timeout{600'000};
  std::filesystem::path quit_file;  // empty: none
};

// Keys of [limits] that only the daemon reads.
struct process_limits {
  std::size_t workers = 0;      // threads; 0: one for each CPU that may be used, at most 4
  std::size_t connections = 0;  // per listener; 0: 10 000 or (nofile - 64) / 2, whichever is less
  std::size_t leaf_certificates = 256;
  std::size_t refusals_per_second = 20;  // per second, client and cause
  std::size_t credential_file = 1024 * 1024;
  std::chrono::milliseconds tunnel_idle{900'000};
};

struct settings {
  std::filesystem::path state_dir;
  options::listen_options listen;
  client_auth_settings client_auth;
  credential_settings credentials;
  std::vector<options::registry_options> registries;
  std::vector<options::mirror_options> mirrors;
  options::registry_options registry_defaults;  // for hosts that have a credential but no [[registry]]
  options::other_hosts other_hosts;
  upstream_settings upstream;
  tls_settings tls;
  explain_settings explain;
  drain_settings drain;
  log::options log;
  options::connection_limits limits;
  options::token_bounds tokens;
  options::program_bounds programs;
  process_limits process;
};

}  // namespace regpass::config
