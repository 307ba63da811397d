// The running sidecar, as `serve` and `run` start it: workers, listeners, CA, credentials, reload and drain.
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
  // Opens the CA, publishes it, reads the credentials, binds, and serves. `control` runs the file watch; the caller
  // must run it. `inputs` are read again on reload. Errors name the file or address.
  static result<std::unique_ptr<server>> start(const async::executor& control, config::loaded from,
                                               const config::inputs& inputs);
  ~server();

  // An unspecified address when there is no proxy listener.
  boost::asio::ip::tcp::endpoint proxy_endpoint() const;
  std::filesystem::path publish_dir() const;
  const std::string& page_url() const;  // with its token; empty when there is no page
  std::vector<forward::exchange_record> history() const;
  // Hosts without an entry to which connections were tunnelled, and the registries that have an entry.
  std::vector<std::string> passed_hosts() const;
  std::vector<std::string> entries() const;

  // Reads configuration and credentials again, all or nothing. What cannot change at run time (listeners, state_dir,
  // CA, limits) stays as it was.
  void reload();

  // Whether every worker responds; awaited on `control`.
  async::task<bool> alive() const;
  // One line for a service manager: listeners, credentials, and the outcome of the last reload.
  std::string summary() const;

  // From now on regpass reports that it is not ready.
  void draining();
  // Exchanges and tunnels in progress.
  std::size_t busy() const;
  void stop();

 private:
  struct state;
  explicit server(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

}  // namespace regpass::daemon
