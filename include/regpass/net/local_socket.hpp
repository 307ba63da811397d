// Unix domain sockets: how processes on this machine reach the sidecar.
#pragma once

#include "regpass/net/stream.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace regpass::net {

class local_listener {
 public:
  using handler = std::function<void(std::unique_ptr<stream>)>;

  // Creates the socket with mode 0600 and replaces one that a terminated process left behind. errc::bad_input if
  // another process answers there. Errors name the path.
  static result<std::unique_ptr<local_listener>> open(const async::executor& on, const std::filesystem::path& at);
  // Removes the socket.
  ~local_listener();

  void start(handler handle);

 private:
  struct state;
  explicit local_listener(std::shared_ptr<state>);
  std::shared_ptr<state> state_;
};

async::task<result<std::unique_ptr<stream>>> connect_local(std::filesystem::path to);

}  // namespace regpass::net
