// Happy Eyeballs (RFC 8305): the addresses of a name are tried in parallel, each a little later than the previous one.
#pragma once

#include "regpass/async/task.hpp"
#include "regpass/net/tcp_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <vector>

namespace regpass::net {

using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

// Alternates address families, starting with that of the first address (RFC 8305 section 4), and keeps the order within
// a family. Removes duplicates.
endpoints interleave_families(const endpoints& resolved);

// How long an attempt runs before the next one is started (section 5). When one fails, the next starts at once.
inline constexpr std::chrono::milliseconds attempt_delay{250};

// Returns the first connection that is established and abandons the other attempts. An error names every address.
async::task<result<tcp_socket>> race(endpoints to, std::chrono::steady_clock::time_point until, party blame);

}  // namespace regpass::net
