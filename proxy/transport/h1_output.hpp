// The writing side of an HTTP/1.1 connection in both roles.
#pragma once

#include "http/framing.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/http/message.hpp"
#include "regpass/net/stream.hpp"
#include "transport/limits.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace regpass::transport {

// Awaits `work`, which writes, and blames the deadline if it expired.
async::task<result<void>> in_time(async::deadline& timer, std::chrono::milliseconds within,
                                  async::task<result<void>> work);

// Writes one piece of a body with its framing, preceded by the pending head: one write, and one TLS record if it is
// small.
async::task<result<void>> write_piece(net::stream& to, std::string& pending_head, const http::framing& body,
                                      std::string_view piece);
// Writes what ends the body: the last chunk, or only the pending head if there was no piece.
async::task<result<void>> write_end(net::stream& to, std::string& pending_head, const http::framing& body,
                                    const http::fields& trailers);

}  // namespace regpass::transport
