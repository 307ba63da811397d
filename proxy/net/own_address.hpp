// Whether a peer is on this machine, so that its plain-text traffic does not cross a network.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace regpass::net {

// True for loopback and for the current addresses of this machine's (or network namespace's) interfaces: a connection
// that is redirected to us keeps the source address of its original route.
bool is_own_address(const boost::asio::ip::address&);

}  // namespace regpass::net
