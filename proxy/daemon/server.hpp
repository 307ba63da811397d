// The running sidecar: workers, listeners, CA, credentials, reload and drain. What `serve`, `run` and `check` share.
#pragma once

#include "daemon/credential_loader.hpp"
#include "regpass/async/task.hpp"
#include "regpass/config/load.hpp"
#include "regpass/forward/history.hpp"
#include "regpass/forward/snapshot.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace regpass::daemon {

class server {
 public:
  // Opens the CA, publishes it, reads the credentials, binds, and serves. `control` runs the file watch and must be run
  // by the caller. Errors name the file or address.
  static result<std::unique_ptr<server>> start(const async::executor& control, config::loaded from,
                                               const config::inputs& again);
  ~server();

  // An unspecified address when there is no proxy listener.
  boost::asio::ip::tcp::endpoint proxy_endpoint() const;
  std::filesystem::path publish_dir() const;
  const std::string& page_url() const;  // with its token; empty when there is no page
  std::vector<forward::exchange_record> history() const;
  // Hosts without an entry to which connections went, and the registries that have one.
  std::vector<std::string> passed_hosts() const;
  std::vector<std::string> entries() const;

  // Configuration and credentials anew, all or nothing; what cannot change at run time (listeners, state_dir, CA,
  // limits) is said in the log.
  void reload();

  // Whether every worker answers; asked on `control`.
  async::task<bool> alive() const;
  // One line for a service manager: listeners, credentials, and what the last reload came to.
  std::string summary() const;

  // From now on regpass says that it is not ready.
  void draining();
  // Connections are accepted and served on until none was busy for drain.idle, or drain.timeout is over. Returns at
  // once when asked a second time.
  std::size_t busy() const;
  void stop();

 private:
  struct state;
  explicit server(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

}  // namespace regpass::daemon
