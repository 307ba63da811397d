// HTTP/2 (RFC 9113) as a codec: bytes in, stream events out, and back; no socket and no clock. An nghttp2 session does
// frames, HPACK and flow control; h2_head validates what it accepts, and floods are detected here (T18, T21).
//
// Window credit is returned by `consumed` only, so a body that is not read stops its sender after
// h2_limits::stream_window bytes. A piece to send is lent, not copied: it must stay valid until its `h2_taken` or the
// stream's `h2_closed` arrives.
#pragma once

#include "http/framing.hpp"
#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"
#include "regpass/http/h1_codec.hpp"
#include "regpass/http/message.hpp"
#include "regpass/options/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regpass::http {

enum class h2_role : std::uint8_t { client, server };

using options::h2_limits;

// The codes of RFC 9113 section 7 that regpass sends or acts upon.
enum class h2_code : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  refused_stream = 0x7,
  cancel = 0x8,
  enhance_your_calm = 0xb,
  http_1_1_required = 0xd
};

struct h2_request {
  std::int32_t stream;
  request_head head;  // Host is its first field: `:authority`, or the host field that came without one
  http::framing body;
};
struct h2_response {
  std::int32_t stream;
  response_head head;  // interim ones too
  http::framing body;
};
struct h2_data {
  std::int32_t stream;
  std::string_view data;  // in the bytes that were fed
};
struct h2_end {  // of the peer's message
  std::int32_t stream;
  fields trailers;
};
struct h2_taken {  // what was lent has been sent
  std::int32_t stream;
};
struct h2_finished {  // our own message has been sent completely
  std::int32_t stream;
};
struct h2_closed {  // the stream's last event; refused_stream means that it was not processed
  std::int32_t stream;
  h2_code code;
  bool by_us = false;
};
struct h2_going_away {  // the peer accepts no new streams; those that it will not process were closed as refused
  h2_code code;
};
using h2_event =
    std::variant<h2_request, h2_response, h2_data, h2_end, h2_taken, h2_finished, h2_closed, h2_going_away>;

class h2_codec {
 public:
  explicit h2_codec(h2_role role, const h2_limits& limits = {});
  ~h2_codec();
  h2_codec(h2_codec&&) noexcept;
  h2_codec& operator=(h2_codec&&) noexcept;

  // Events so far are valid even if this fails. An error ends the connection: bad_message, or too_large for a flood.
  // The output then has the GOAWAY that tells the peer.
  result<void> feed(std::string_view bytes, steady_time at);
  std::vector<h2_event> take_events() noexcept;
  // Appends what can be sent, until `into` has `enough` bytes or a little more. After an error (the same as of `feed`)
  // the appended bytes end with the GOAWAY that closes the connection.
  result<void> output(std::string& into, std::size_t enough);
  // Nothing more will be sent, and further input is ignored.
  bool over() const noexcept;

  // Client: opens a stream. errc::closed if the peer accepts no more.
  result<std::int32_t> request(const request_head& head, const framing& body);
  // Server. `body` without a body ends the stream with the head.
  void inform(std::int32_t stream, const response_head& head);
  void respond(std::int32_t stream, const response_head& head, const framing& body);
  // Both. One piece at a time.
  void lend(std::int32_t stream, std::string_view piece);
  void finish(std::int32_t stream, const fields& trailers);
  void consumed(std::int32_t stream, std::size_t bytes);
  // Resets the stream; what was lent is not used any more. Its `h2_closed` still follows.
  void reset(std::int32_t stream, h2_code code);
  // Sends GOAWAY: no new streams. Open ones continue.
  void go_away(h2_code code = h2_code::no_error);

  // How many open streams the peer allows us.
  std::size_t most_streams() const noexcept;

  struct state;

 private:
  std::unique_ptr<state> state_;
};

// What a client sends first (RFC 9113 section 3.4).
inline constexpr std::string_view h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace regpass::http
