// What the codec keeps beside the nghttp2 session, and what nghttp2 calls.
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
  bool told = false;        // somebody above knows of it
  bool final_head = false;  // the next fields are trailers
  bool ended = false;       // the peer's message is complete
  bool dropped = false;     // by us: what still comes is thrown away
  std::string_view lent;
  bool finishing = false;
  fields trailers;
};

struct session_deleter {
  void operator()(nghttp2_session* one) const noexcept { nghttp2_session_del(one); }
};

struct h2_codec::state {
  state(h2_role who, const h2_limits& bounds);

  h2_stream* find(std::int32_t id);
  // Each returns what its nghttp2 callback does.
  int head_begun(std::int32_t id);
  int field_came(std::int32_t id, std::string_view name, std::string_view value);
  int frame_came(const nghttp2_frame& frame);
  int reset_came(bool known);
  // Before nghttp2 sees the frame. False: one of its kind too many.
  bool frame_begins(const h2_frame_header& header);
  int data_came(std::int32_t id, std::string_view data);
  int frame_sent(const nghttp2_frame& frame);
  int stream_closed(std::int32_t id, std::uint32_t code);
  ssize_t supply(std::int32_t id, std::size_t room, std::uint32_t& flags);
  int send_data(std::int32_t id, const std::uint8_t* header, std::size_t size);

  void head_complete(std::int32_t id, h2_stream& one, bool ends);
  void tell_head(std::int32_t id, h2_stream& one, bool ends);
  void tell_end(std::int32_t id, h2_stream& one, fields trailers);
  void drop(std::int32_t id, h2_stream& one, h2_code code);
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
  h2_rate stray;  // DATA of streams that are closed: a peer may have sent a window's worth before it heard of that
  h2_frame_scan scan;
  std::size_t window_credit = 0;  // WINDOW_UPDATE frames that the data sent so far may be answered by
  steady_time at{};
  std::optional<error> flooded;
  std::optional<error> broken;  // nghttp2 ended the connection by itself
  std::string complaint;        // nghttp2's own words on what was wrong last
  bool leaving = false;         // a GOAWAY came or went
  std::string* out = nullptr;
  std::size_t enough = 0;
};

// A session whose callbacks call the state given.
std::unique_ptr<nghttp2_session, session_deleter> make_h2_session(h2_codec::state& owner);
// As nghttp2 wants them; they point into the views.
std::vector<nghttp2_nv> to_nv(const std::vector<h2_field>& list);

}  // namespace regpass::http
