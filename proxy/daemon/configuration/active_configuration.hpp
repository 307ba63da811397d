// The configuration that is in force: settings, credentials and client password as one snapshot, and how a reload
// replaces it.
#pragma once

#include "daemon/configuration/secret_files.hpp"
#include "daemon/listeners.hpp"
#include "regpass/config/load.hpp"
#include "regpass/forward/metrics.hpp"
#include "regpass/forward/snapshot.hpp"
#include "regpass/tls/ca.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regpass::daemon {

class active_configuration {
 public:
  // `ca` and `metrics` outlive it. Nothing is in force before the first `adopt`.
  active_configuration(config::loaded started_with, config::inputs inputs, const tls::authority& ca,
                       forward::metrics& metrics);

  // Thread-safe; everything else belongs to the control thread.
  forward::snapshot_ptr snapshot() const;

  // Reads the credentials and puts them into force together with the settings. On failure everything stays as it was.
  result<void> adopt(const config::settings&);
  // Reads configuration and credentials again and adopts them. Returns what is wrong, or an empty text.
  std::string reload();

  // Calls `drop` for every credential that is no longer in force, so that its tokens are dropped too.
  void when_retired(std::function<void(std::uint64_t generation)> drop) { drop_tokens_ = std::move(drop); }
  // From now on the client password cannot be removed while one of these listeners is not on loopback (T33).
  void protect(const std::vector<listen_point>& open);

  const secret_files& secrets() const noexcept { return secrets_; }
  // The configuration file and all files that it names.
  std::vector<std::filesystem::path> watched_files() const;

 private:
  result<void> check_exposure(const config::settings&) const;
  std::string problem_of(const config::loaded& fresh) const;

  const tls::authority& ca_;
  forward::metrics& metrics_;
  config::inputs inputs_;
  std::filesystem::path config_file_;
  std::filesystem::path ca_dir_;  // cannot change at run time
  config::loaded in_force_;
  secret_files secrets_;
  std::optional<boost::asio::ip::tcp::endpoint> exposed_;  // a listener that is not on loopback
  std::function<void(std::uint64_t)> drop_tokens_;
  mutable std::mutex lock_;
  forward::snapshot_ptr snapshot_;
};

}  // namespace regpass::daemon
