// The codec's state beside the nghttp2 session, and the handlers that nghttp2 calls.
#pragma once

#include "http/h2_frame_scan.hpp"
#include "http/h2_head.hpp"
#include "http/h2_rate.hpp"
#include "regpass/http/h2_codec.hpp"

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace regpass::http {

struct h2_stream {
  h2_head_builder head;
  std::string method;       // client: of the request
  bool reported = false;    // its head was reported as an event
  bool final_head = false;  // the next fields are trailers
  bool ended = false;       // the peer's message is complete
  bool dropped = false;     // by us: further input is discarded
  std::string_view lent;
  bool finishing = false;
  fields trailers;
};

struct session_deleter {
  void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
};

struct h2_codec::state {
  state(h2_role who, const h2_limits& bounds);

  h2_stream* find(std::int32_t id);
  // Each returns what its nghttp2 callback has to return.
  int on_head_begin(std::int32_t id);
  int on_field(std::int32_t id, std::string_view name, std::string_view value);
  int on_frame(const nghttp2_frame& frame);
  int on_reset(bool known);
  // Called before nghttp2 sees the frame. False: there were too many of its kind.
  bool on_frame_header(const h2_frame_header& header);
  int on_data(std::int32_t id, std::string_view data);
  int on_frame_sent(const nghttp2_frame& frame);
  int on_stream_closed(std::int32_t id, std::uint32_t code);
  ssize_t supply(std::int32_t id, std::size_t room, std::uint32_t& flags);
  int send_data(std::int32_t id, const std::uint8_t* header, std::size_t size);

  void head_complete(std::int32_t id, h2_stream& stream, bool ends);
  void report_head(std::int32_t id, h2_stream& stream, bool ends);
  void report_end(std::int32_t id, h2_stream& stream, fields trailers);
  void drop(std::int32_t id, h2_stream& stream, h2_code code);
  int flood(std::string what);
  result<void> judge(ssize_t outcome);
  void submit(std::int32_t id, const std::vector<h2_field>& fields_, bool with_body);

  h2_role role;
  h2_limits limits;
  std::unique_ptr<nghttp2_session, session_deleter> session;
  std::unordered_map<std::int32_t, h2_stream> streams;
  std::vector<h2_event> events;
  h2_rate resets;
  h2_rate control;
  h2_rate stray;  // DATA on closed streams: a peer may have sent a window's worth before it learned of the reset
  h2_frame_scan scan;
  std::size_t window_credit = 0;  // how many WINDOW_UPDATE frames the data sent so far justifies
  steady_time at{};
  std::optional<error> flooded;
  std::optional<error> broken;  // nghttp2 ended the connection by itself
  std::string complaint;        // nghttp2's last error message
  bool leaving = false;         // a GOAWAY was received or sent
  std::string* out = nullptr;
  std::size_t enough = 0;
};

// A session whose callbacks call the state given.
std::unique_ptr<nghttp2_session, session_deleter> make_h2_session(h2_codec::state& owner);
// In nghttp2's form, pointing into the views.
std::vector<nghttp2_nv> to_nv(const std::vector<h2_field>& list);

}  // namespace regpass::http
