// From a name to a connected socket: the name is resolved once, every address is checked, and a checked address is
// connected to (T03, T04).
#pragma once

#include "net/names/resolver.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/net/tcp_stream.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace regpass::net {

// Whether an address may be connected to; errc::denied says why not. Without a filter no address may.
using address_filter = std::function<result<void>(const boost::asio::ip::address&)>;

struct dial_target {
  std::string host;     // name or IP literal
  std::string address;  // an IP literal to connect to instead of the name's addresses; empty: use the name's
  std::uint16_t port = 0;
  address_filter allowed;
  party blame = party::registry;
  std::chrono::milliseconds within{10'000};   // resolve and connect together
  std::shared_ptr<requester> requested_by{};  // when it leaves, the name lookup is abandoned
};

struct dialled_socket {
  tcp_socket socket;
  std::string address;  // of the peer that answered
  std::chrono::milliseconds resolved_in{0};
  std::chrono::milliseconds connected_in{0};
};

// The addresses of the target's name, unchecked; for an IP literal, that address.
async::task<result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(dial_target target);

// Happy Eyeballs (RFC 8305): address families alternate in the resolver's order, another attempt starts if one gets no
// answer within 250 ms, and the first to connect wins, all within `target.within`. If any address is forbidden, the
// whole name is refused before anything is connected to: a name that points inside once cannot be trusted later
// either.
async::task<result<dialled_socket>> dial(dial_target target);

}  // namespace regpass::net
