// From a name to a connected socket: resolved once, every address judged, the judged address connected to (T03, T04).
#pragma once

#include "net/names/resolver.hpp"
#include "net/tcp_stream.hpp"
#include "regpass/net/stream.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace regpass::net {

// Whether an address may be connected to; errc::denied says why not. Without one nothing may.
using address_filter = std::function<result<void>(const boost::asio::ip::address&)>;

struct dial_target {
  std::string host;     // name or IP literal
  std::string address;  // the IP literal to connect to, whatever addresses the name has; empty: one of the name's
  std::uint16_t port = 0;
  address_filter allowed;
  party blame = party::registry;
  std::chrono::milliseconds within{10'000};  // resolve and connect together
  std::shared_ptr<asker> asked_by{};         // the lookup of the name is abandoned once it has left
};

struct dialled {
  tcp_socket socket;
  std::string address;  // the one that answered
  std::chrono::milliseconds resolved_in{0};
  std::chrono::milliseconds connected_in{0};
};

// The addresses of the target's name, without judging them; of an IP literal that one.
async::task<result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(dial_target target);

// Happy Eyeballs (RFC 8305) over the addresses: families take turns in the resolver's order, an attempt that is silent
// gets company after 250 ms, the first to connect wins, all within the one time. If any address is forbidden the name
// is refused as a whole, before anything is connected to: a name that points inside once is not to be trusted the next
// time either.
async::task<result<dialled>> dial(dial_target target);

}  // namespace regpass::net
