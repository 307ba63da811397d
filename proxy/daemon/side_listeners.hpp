// Listeners for requests about regpass itself: health, admin, page. They run on the control thread, apart from traffic.
#pragma once

#include "admin/http_service.hpp"
#include "config/settings.hpp"
#include "regpass/net/listener.hpp"
#include "regpass/net/local_socket.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace regpass::daemon {

// The path in `listen.admin` ("unix:PATH", relative to state_dir). Empty: off.
std::filesystem::path admin_socket(const config::settings&);

class side_listeners {
 public:
  // Clients of these listeners are local and send their request at once: `bounds` are shortened, and silent connections
  // make room for new ones.
  side_listeners(const async::executor& control, const transport::limits& bounds);

  // Opens the listener and serves it. Errors name the address.
  result<void> open(const std::string& name, const std::string& endpoint, admin::responder answer);
  result<void> open(const std::string& name, const std::filesystem::path& socket, admin::responder answer);
  // "health 127.0.0.1:9128"
  const std::vector<std::string>& shown() const noexcept { return shown_; }

 private:
  void note(const std::string& name, const std::string& at);

  async::executor control_;
  transport::limits bounds_;
  std::vector<std::unique_ptr<net::listener>> listeners_;
  std::vector<std::unique_ptr<net::local_listener>> sockets_;
  std::vector<std::string> shown_;
};

}  // namespace regpass::daemon
