// Where a redirected connection was meant to go.
#pragma once

#include "net/tcp_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace regpass::net {

// What Linux's connection tracking remembers (SO_ORIGINAL_DST, for IPv6 IP6T_SO_ORIGINAL_DST). Where nothing was
// redirected it is our own address, or errc::not_found when the kernel does not track the connection.
result<boost::asio::ip::tcp::endpoint> original_destination(tcp_socket& redirected);

}  // namespace regpass::net
