// Whether a peer is on this machine, so that what it sends in clear does not travel.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace regpass::net {

// Loopback, or an address of one of this machine's (or network namespace's) interfaces as they are now: a connection
// that was redirected here keeps the address it would have gone out with.
bool is_own_address(const boost::asio::ip::address&);

}  // namespace regpass::net
