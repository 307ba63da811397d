// The addresses that regpass accepts client connections on, and the mode of each.
#pragma once

#include "forward/modes/listener_mode.hpp"
#include "forward/services/options.hpp"
#include "regpass/base/error.hpp"
#include "regpass/options/listeners.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>
#include <vector>

namespace regpass::forward {

struct listen_point {
  std::shared_ptr<const listener_mode> mode;
  boost::asio::ip::tcp::endpoint at;  // once opened: with the actual port
  bool required = true;               // false: regpass starts even if the address cannot be opened
};

// Those that the configuration asks for, in the order of `mode_kind`. Errors: an address that is not HOST:PORT.
result<std::vector<listen_point>> plan_listeners(const options::listen_options&, const std::vector<mirror_options>&);

// The names of the modes that have a listener, each once.
std::vector<std::string> modes_of(const options::listen_options&, const std::vector<mirror_options>&);

}  // namespace regpass::forward
