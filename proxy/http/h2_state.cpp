// Handles input and output frame by frame.
#include "http/h2_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::http {
namespace {

// Up to this many times its bound, an oversized head only fails its stream. A longer one ends the connection.
constexpr std::size_t patience = 4;

// Codes of resets that nghttp2 sends only to peers that violate the protocol (CVE-2025-8671).
bool provoked(std::uint32_t code) {
  constexpr std::array codes{NGHTTP2_PROTOCOL_ERROR, NGHTTP2_FLOW_CONTROL_ERROR, NGHTTP2_STREAM_CLOSED,
                             NGHTTP2_FRAME_SIZE_ERROR};
  return std::ranges::any_of(codes, [&](auto known) { return static_cast<std::uint32_t>(known) == code; });
}

constexpr std::size_t stray_for_each_control = 16;

// What may be answered by WINDOW_UPDATE: each DATA frame, for its stream and for the connection, and each few bytes of
// a long stream. At most what fills a large window is outstanding.
constexpr std::size_t updates_a_frame = 2;
constexpr std::size_t bytes_an_update = 512;
constexpr std::size_t most_window_credit = 64 * 1024;

// Padding of a frame with nothing else in it is up to 255 bytes, and one that says how many.
constexpr std::size_t longest_empty_data = 256;

std::vector<nghttp2_settings_entry> settings_of(h2_role role, const h2_limits& limits) {
  std::vector<nghttp2_settings_entry> entries{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head.head_bytes)}};
  if (role == h2_role::server) {
    entries.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams});
  } else {
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  return entries;
}

}  // namespace

h2_codec::state::state(h2_role who, const h2_limits& bounds)
    : role(who),
      limits(bounds),
      resets(bounds.resets),
      control(bounds.control_frames),
      stray(stray_for_each_control * bounds.control_frames),
      scan(who == h2_role::server ? h2_preface.size() : 0) {
  session = make_h2_session(*this);
  const auto settings = settings_of(role, limits);
  nghttp2_submit_settings(session.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session.get(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits.connection_window));
}

h2_stream* h2_codec::state::find(std::int32_t id) {
  const auto found = streams.find(id);
  return found == streams.end() ? nullptr : &found->second;
}

int h2_codec::state::flood(std::string what) {
  flooded = error(errc::too_large, party::us, phase::head, std::move(what), 0, false);
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int h2_codec::state::on_head_begin(std::int32_t id) {
  if (role == h2_role::server) streams.try_emplace(id);
  if (auto* stream = find(id)) stream->head = h2_head_builder();
  return 0;
}

int h2_codec::state::on_field(std::int32_t id, std::string_view name, std::string_view value) {
  auto* stream = find(id);
  if (!stream || stream->head.add(name, value, limits.head)) return 0;
  if (stream->head.bytes() > patience * limits.head.head_bytes)
    return flood("a head is several times larger than its bound");
  if (!stream->dropped) drop(id, *stream, h2_code::enhance_your_calm);
  return 0;
}

void h2_codec::state::drop(std::int32_t id, h2_stream& stream, h2_code code) {
  stream.dropped = true;
  stream.lent = {};
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, id, static_cast<std::uint32_t>(code));
}

int h2_codec::state::on_frame(const nghttp2_frame& frame) {
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  auto* stream = find(frame.hd.stream_id);
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      if (stream && !stream->dropped) head_complete(frame.hd.stream_id, *stream, ends);
      return 0;
    case NGHTTP2_DATA:
      if (ends && stream && !stream->dropped) report_end(frame.hd.stream_id, *stream, fields());
      if (ends || frame.hd.length > 0) return 0;
      return control.take(at) ? 0 : flood("too many empty DATA frames");
    case NGHTTP2_RST_STREAM:
      return on_reset(stream != nullptr);
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING:
    case NGHTTP2_PRIORITY:
      return control.take(at) ? 0 : flood("too many SETTINGS, PING or PRIORITY frames");
    case NGHTTP2_GOAWAY:
      leaving = true;
      events.emplace_back(h2_going_away{static_cast<h2_code>(frame.goaway.error_code)});
      return 0;
    default:
      return 0;
  }
}

bool h2_codec::state::on_frame_header(const h2_frame_header& header) {
  const bool known = streams.contains(header.stream);
  bool fine = true;
  switch (header.type) {
    case NGHTTP2_DATA: {
      const bool ends = (header.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      const bool padded = (header.flags & NGHTTP2_FLAG_PADDED) != 0;
      if (padded && !ends && header.length > 0 && header.length <= longest_empty_data) {
        fine = control.take(at);
      } else if (!known) {
        fine = stray.take(at);
      }
      break;
    }
    case NGHTTP2_HEADERS:
      fine = known || role == h2_role::server || control.take(at);
      break;
    case NGHTTP2_WINDOW_UPDATE:
      if (window_credit > 0) {
        --window_credit;
      } else {
        fine = control.take(at);
      }
      break;
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING:
    case NGHTTP2_PRIORITY:
      break;  // counted once nghttp2 has read them
    default:
      fine = control.take(at);
  }
  if (!fine) flood("too many frames that carry nothing");
  return fine;
}

// A client can open and reset streams as often as it likes. A server resets what we opened: one for each request is
// its right, and nginx uses it whenever it answers an upload early. Those of streams that we broke off meanwhile say
// nothing.
int h2_codec::state::on_reset(bool known) {
  if (role == h2_role::server) return resets.take(at) ? 0 : flood("too many streams were reset");
  return known || control.take(at) ? 0 : flood("too many resets of streams that are already closed");
}

void h2_codec::state::head_complete(std::int32_t id, h2_stream& stream, bool ends) {
  if (stream.final_head) {
    report_end(id, stream, stream.head.trailers());
    return;
  }
  report_head(id, stream, ends);
  if (ends && !stream.dropped) report_end(id, stream, fields());
}

void h2_codec::state::report_head(std::int32_t id, h2_stream& stream, bool ends) {
  if (role == h2_role::server) {
    auto parsed = stream.head.request(ends);
    if (!parsed) return drop(id, stream, h2_code::protocol_error);
    parsed->stream = id;
    stream.reported = stream.final_head = true;
    events.emplace_back(std::move(*parsed));
    return;
  }
  auto parsed = stream.head.response(ends, stream.method);
  if (!parsed) return drop(id, stream, h2_code::protocol_error);
  parsed->stream = id;
  stream.final_head = !is_interim(parsed->head);
  events.emplace_back(std::move(*parsed));
}

void h2_codec::state::report_end(std::int32_t id, h2_stream& stream, fields trailers) {
  stream.ended = true;
  events.emplace_back(h2_end{id, std::move(trailers)});
}

int h2_codec::state::on_data(std::int32_t id, std::string_view data) {
  const auto* stream = find(id);
  if (stream && stream->reported && !stream->dropped) {
    events.emplace_back(h2_data{id, data});
  } else {
    nghttp2_session_consume(session.get(), id, data.size());
  }
  return 0;
}

int h2_codec::state::on_frame_sent(const nghttp2_frame& frame) {
  const bool message = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (message && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) events.emplace_back(h2_finished{frame.hd.stream_id});
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR && !flooded) {
    broken =
        error(errc::bad_message, party::us, phase::head, complaint.empty() ? "HTTP/2's rules were broken" : complaint);
  }
  if (frame.hd.type != NGHTTP2_RST_STREAM || !provoked(frame.rst_stream.error_code)) return 0;
  if (role == h2_role::server && !resets.take(at)) flood("too many streams broke the protocol");
  return 0;
}

int h2_codec::state::on_stream_closed(std::int32_t id, std::uint32_t code) {
  const auto found = streams.find(id);
  if (found == streams.end()) return 0;
  if (found->second.reported) events.emplace_back(h2_closed{id, static_cast<h2_code>(code), found->second.dropped});
  streams.erase(found);
  return 0;
}

ssize_t h2_codec::state::supply(std::int32_t id, std::size_t room, std::uint32_t& flags) {
  auto* stream = find(id);
  if (!stream || (stream->lent.empty() && !stream->finishing)) return NGHTTP2_ERR_DEFERRED;
  const auto size = std::min(room, stream->lent.size());
  if (size > 0) flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (!stream->finishing || size < stream->lent.size()) return static_cast<ssize_t>(size);
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!stream->trailers.empty()) {
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const auto list = h2_fields(stream->trailers);
    const auto nv = to_nv(list);
    nghttp2_submit_trailer(session.get(), id, nv.data(), nv.size());
  }
  return static_cast<ssize_t>(size);
}

int h2_codec::state::send_data(std::int32_t id, const std::uint8_t* header, std::size_t size) {
  auto* stream = find(id);
  if (!stream || stream->lent.size() < size) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // taken back meanwhile
  if (out->size() >= enough) return NGHTTP2_ERR_WOULDBLOCK;
  window_credit = std::min(window_credit + updates_a_frame + size / bytes_an_update, most_window_credit);
  constexpr std::size_t header_size = 9;
  out->append(reinterpret_cast<const char*>(header), header_size);
  out->append(stream->lent.substr(0, size));
  stream->lent.remove_prefix(size);
  if (stream->lent.empty()) events.emplace_back(h2_taken{id});
  return 0;
}

}  // namespace regpass::http
