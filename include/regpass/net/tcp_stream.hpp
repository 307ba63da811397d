// A stream over a TCP socket.
#pragma once

#include "regpass/net/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace regpass::net {

using tcp_socket = boost::asio::ip::tcp::socket;

// Errors blame `peer`. Sets TCP_NODELAY.
std::unique_ptr<stream> make_tcp_stream(tcp_socket socket, party peer);

}  // namespace regpass::net
