// Credential files found, read and judged; what is bad keeps the last good in force.
#pragma once

#include "auth/docker_config.hpp"
#include "config/settings.hpp"
#include "regpass/auth/credential.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace regpass::daemon {

// What systemd hands over (CREDENTIALS_DIRECTORY), and where docker and podman keep credentials, in the order in which
// they are looked at: REGISTRY_AUTH_FILE, DOCKER_CONFIG (a directory; a file is taken as well),
// $XDG_RUNTIME_DIR/containers/auth.json, $XDG_CONFIG_HOME/containers/auth.json or ~/.config/containers/auth.json,
// ~/.docker/config.json, ~/.dockercfg (containers-auth.json(5)).
std::vector<std::filesystem::path> default_places(const std::map<std::string, std::string>& environment);

// One [[registry.credential]].
struct configured_credential {
  registry::host host;
  auth::range range;
  std::string key;  // how logs call it: "[[registry.credential]] 2 of harbor.example.com"
  std::filesystem::path file;
  bool docker_config = false;  // `file` is one; else it holds nothing but the secret
  auth::credential_kind kind = auth::credential_kind::basic;
  std::string username;
};

// All that credentials may come from.
struct credential_sources {
  std::vector<std::filesystem::path> places;  // docker's files, or directories of them
  bool helpers = true;                        // whether the programs are run that those files name
  std::vector<configured_credential> configured;
  std::vector<auth::credential_program> providers;
};
credential_sources sources_from(const config::settings&, const std::map<std::string, std::string>& environment);

struct rejection {
  std::filesystem::path file;
  std::string why;        // with file, line and column where there are any
  bool kept_old = false;  // an earlier content of this file is still in force
};

struct credentials {
  auth::credential_store store;
  std::vector<std::string> searched;        // files that were looked at, with what became of them
  std::vector<std::filesystem::path> read;  // files that are in force
  std::vector<rejection> rejected;
};

// A password or token from a file that holds nothing else; one line break at its end does not count. Errors begin with
// the path.
result<secret> read_secret_file(const std::filesystem::path&, std::size_t cap, auth::credential_kind);

class credential_loader {
 public:
  // `places` are files or directories. In a directory: config.json, .dockerconfigjson, .dockercfg, auth.json, then
  // other *.json by name; directories in it likewise, one level deep (several secrets mounted side by side). Names that
  // begin with ".." are Kubernetes' own.
  credential_loader(credential_sources from, std::size_t file_cap);
  credential_loader(std::vector<std::filesystem::path> places, std::size_t file_cap);

  // From now on other sources, after a reload of the configuration. What was good stays so.
  void follow(credential_sources from) { from_ = std::move(from); }

  // Reads everything. A file that cannot be parsed keeps its last good content; one that is gone takes its credentials
  // with it. Unchanged entries keep their generation.
  credentials load();
  // Every file and directory whose change matters.
  std::vector<std::filesystem::path> places() const;

 private:
  void read_place(const std::filesystem::path& place, credentials& into);
  void read(const std::filesystem::path& file, credentials& into);
  void read_configured(const configured_credential& one, credentials& into);
  auth::credential_entry read_secret(const configured_credential& one, credentials& into);
  auth::credential_entry read_docker_config(const configured_credential& one, credentials& into);
  // The file's content, or the last good one, or nothing; what is wrong with it is put into `into`.
  const auth::docker_config* parse(const std::filesystem::path& file, bool must_exist, credentials& into);

  credential_sources from_;
  std::size_t file_cap_;
  std::map<std::filesystem::path, auth::docker_config> good_;
  std::map<std::filesystem::path, secret> good_secrets_;
  std::set<std::filesystem::path> seen_;  // in this load
  auth::credential_store last_;
};

}  // namespace regpass::daemon
