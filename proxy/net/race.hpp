// Happy Eyeballs (RFC 8305): the addresses of one name are tried side by side, each a little later than the one before.
#pragma once

#include "net/tcp_stream.hpp"
#include "regpass/async/task.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <vector>

namespace regpass::net {

using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

// Families take turns, beginning with that of the first (RFC 8305 section 4); within a family the order stays. An
// address that comes twice is tried once.
endpoints in_turn(const endpoints& resolved);

// Section 5: how long an attempt is alone before the next one joins it. One that fails hands over at once.
inline constexpr std::chrono::milliseconds attempt_delay{250};

// The first connection that comes about; the other attempts are given up. An error tells of every address.
async::task<result<tcp_socket>> race(endpoints to, std::chrono::steady_clock::time_point until, party blame);

}  // namespace regpass::net
