// Connections to other hosts that are redirected to regpass, so that the clients need no configuration.
#pragma once

#include "forward/modes/listen_point.hpp"
#include "forward/modes/listener_mode.hpp"

#include <vector>

namespace regpass::forward {

// The first bytes of a redirected connection decide. TLS for a served registry, named by SNI or by the original
// destination, is intercepted, and regpass then reaches the registry by its name. HTTP requests are read. Everything
// else is tunnelled to the original destination if [other_hosts] allows it.
class transparent_mode final : public listener_mode {
 public:
  // A listener on IPv4 loopback gets an optional one on [::1] with the same port: redirected connections arrive at the
  // loopback address of their own family.
  static result<std::vector<listen_point>> plan(const options::listen_options&, const std::vector<mirror_options>&);

  options::mode_kind kind() const noexcept override { return options::mode_kind::transparent; }
  async::task<void> serve(connection& client) const override;
  // Drops connections that were not redirected, or that were meant for a listener of regpass.
  void accept(accepted_connection accepted) const override;
};

}  // namespace regpass::forward
