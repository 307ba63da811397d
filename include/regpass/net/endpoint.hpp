// Socket addresses as text.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <string_view>

namespace regpass::net {

// "127.0.0.1:443", "[::1]:443"
inline std::string shown(const boost::asio::ip::tcp::endpoint& at) {
  const auto address = at.address().to_string();
  return (at.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(at.port());
}

// The address in a text made by `shown`, without the port.
inline std::string address_text(std::string_view endpoint) {
  return std::string(endpoint.substr(0, endpoint.rfind(':')));
}

}  // namespace regpass::net
