// The writing side of an HTTP/1.1 message, the same in both roles.
#pragma once

#include "http/framing.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/http/message.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/transport/limits.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace regpass::transport {

// Awaits `work`, which writes, and blames the deadline if that ended it.
async::task<result<void>> in_time(async::deadline& timer, std::chrono::milliseconds within,
                                  async::task<result<void>> work);

// One piece of a body in its framing, with a head that waited for it in front: one write, one TLS record where it is
// small.
async::task<result<void>> write_piece(net::stream& to, std::string& pending_head, const http::framing& how,
                                      std::string_view piece);
// What ends the body: the last chunk, or just the head if no piece came.
async::task<result<void>> write_end(net::stream& to, std::string& pending_head, const http::framing& how,
                                    const http::fields& trailers);

}  // namespace regpass::transport
