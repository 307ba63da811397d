// The files that hold secrets: credential files and the clients' password, over reloads.
#pragma once

#include "config/settings.hpp"
#include "daemon/client_secret.hpp"
#include "daemon/credential_loader.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace regpass::daemon {

class secret_files {
 public:
  struct content {
    credentials found;
    std::shared_ptr<const secret> client_password;  // null: clients need no password
  };

  secret_files(const config::settings&, std::map<std::string, std::string> environment);

  // Reads everything that the settings name. Logs what it found, and warns of files that cannot be used or that others
  // may read. Fails if there is no usable client password although one is configured.
  result<content> load(const config::settings&);

  // Of the last load. A rejected file keeps its last good content in force.
  const std::vector<rejection>& rejected() const noexcept { return rejected_; }
  const std::vector<std::filesystem::path>& in_force() const noexcept { return in_force_; }
  // Every file and directory of credentials whose change calls for another load.
  std::vector<std::filesystem::path> places() const { return loader_.places(); }

 private:
  void note_rejected(const credentials&, const std::filesystem::path& secret_file);

  std::map<std::string, std::string> environment_;
  credential_loader loader_;
  client_secret_loader client_secret_;
  std::vector<rejection> rejected_;
  std::vector<std::filesystem::path> in_force_;
  std::set<std::filesystem::path> warned_of_;  // files that others may read
};

}  // namespace regpass::daemon
