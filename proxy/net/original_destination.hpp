// Where a redirected connection was meant to go.
#pragma once

#include "regpass/net/tcp_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace regpass::net {

// Reads it from Linux's connection tracking (SO_ORIGINAL_DST, for IPv6 IP6T_SO_ORIGINAL_DST). For a connection that was
// not redirected the result is our own address, or errc::not_found if the kernel does not track the connection.
result<boost::asio::ip::tcp::endpoint> original_destination(tcp_socket& redirected);

}  // namespace regpass::net
