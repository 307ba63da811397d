// The file of [client_auth] secret_file.
#pragma once

#include "config/settings.hpp"
#include "regpass/base/error.hpp"
#include "regpass/base/secret.hpp"

#include <filesystem>
#include <memory>

namespace regpass::daemon {

// The password in the file, one line break at its end aside. Errors begin with the path.
result<std::shared_ptr<const secret>> read_client_secret(const std::filesystem::path&);

// Makes the file, which only this user can write, with a random password that a URL can hold as it is. One that is
// there already, whatever is in it and whoever may read it, stays.
result<void> make_client_secret(const std::filesystem::path&, config::readers);

// The password in force, over reloads.
class client_secret_loader {
 public:
  // Null: none is asked for. A file that cannot be read (any more) leaves the last good password in force, which is
  // said in the log; if there is none, or it was another file's, it is an error.
  result<std::shared_ptr<const secret>> load(const config::client_auth_settings&);
  // Why the file's content of the last load is not in force, beginning with its path; empty: it is.
  const std::string& rejected() const noexcept { return rejected_; }

 private:
  std::filesystem::path file_;
  std::shared_ptr<const secret> good_;
  std::string rejected_;
};

}  // namespace regpass::daemon
