// Credential files found, read and judged; what is bad keeps the last good in force.
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/auth/docker_config.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace regpass::app {

// Where docker and podman keep credentials, in the order in which they are looked at: REGISTRY_AUTH_FILE, DOCKER_CONFIG
// (a directory; a file is taken as well), $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json,
// ~/.docker/config.json.
std::vector<std::filesystem::path> default_places(const std::map<std::string, std::string>& environment);

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

class credential_loader {
 public:
  // `places` are files or directories. In a directory: config.json, .dockerconfigjson, .dockercfg, auth.json, then
  // other *.json by name; directories in it likewise, one level deep (several secrets mounted side by side). Names that
  // begin with ".." are Kubernetes' own.
  credential_loader(std::vector<std::filesystem::path> places, std::size_t file_cap);

  // Reads everything. A file that cannot be parsed keeps its last good content; one that is gone takes its credentials
  // with it. Unchanged entries keep their generation.
  credentials load();
  const std::vector<std::filesystem::path>& places() const noexcept { return places_; }

 private:
  void read(const std::filesystem::path& file, credentials& into);

  std::vector<std::filesystem::path> places_;
  std::size_t file_cap_;
  std::map<std::filesystem::path, auth::docker_config> good_;
  auth::credential_store last_;
};

}  // namespace regpass::app
