#include "h2.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace bench {
namespace {

// The settings of Go's client, which is the source of most registry traffic over HTTP/2.
constexpr std::uint32_t stream_window = 4U << 20;
constexpr std::int32_t connection_window = 1 << 30;

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads them
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

void note(Request& request, std::string_view name, std::string_view value) {
  if (name == ":method") request.method = value;
  if (name == ":path") request.path = value;
  if (name == ":authority") request.authority = value;
  if (name == "authorization") request.authorization = value;
}

void note(Answer& answer, std::string_view name, std::string_view value) {
  if (name == ":status")
    answer.status = std::stoi(std::string(value));
  else if (name == "location" || name == count_field)
    answer.fields.emplace_back(name, value);
}

}  // namespace

struct H2::Callbacks {
  static H2& self(void* user) { return *static_cast<H2*>(user); }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    H2& h2 = self(user);
    Stream& stream = h2.streams_[frame->hd.stream_id];
    if (h2.role_ == Role::server)
      note(stream.request, text_of(name, name_size), text_of(value, value_size));
    else
      note(stream.answer, text_of(name, name_size), text_of(value, value_size));
    return 0;
  }

  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t*, std::size_t size, void* user) {
    self(user).streams_[id].received += size;
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2& h2 = self(user);
    const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (frame->hd.type == NGHTTP2_GOAWAY) h2.failure_ = "the peer sent GOAWAY";
    if (!message || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0 || h2.role_ == Role::client) return 0;
    (*h2.complete_)(frame->hd.stream_id, h2.streams_[frame->hd.stream_id]);
    return 0;
  }

  static int close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
    H2& h2 = self(user);
    auto found = h2.streams_.extract(id);
    if (h2.role_ == Role::server || found.empty()) return 0;
    if (error != NGHTTP2_NO_ERROR)
      h2.failure_ = std::string("stream ended with ") + nghttp2_http2_strerror(error);
    else
      (*h2.complete_)(id, found.mapped());
    return 0;
  }

  static ssize_t body(nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t room, std::uint32_t* flags,
                      nghttp2_data_source*, void* user) {
    Stream& stream = self(user).streams_[id];
    std::size_t size = std::min(room, stream.answer.text.size() - stream.at);
    if (size > 0) {
      std::memcpy(to, stream.answer.text.data() + stream.at, size);
      stream.at += size;
    } else {
      size = std::min<std::size_t>({room, stream.to_send, turn});
      std::memcpy(to, filler().data(), size);
      stream.to_send -= size;
    }
    if (stream.at == stream.answer.text.size() && stream.to_send == 0) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

H2::H2(Secure secure, Role role) : secure_(std::move(secure)), role_(role) {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) fail("nghttp2");
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::close);
  nghttp2_session* session = nullptr;
  const int made = role == Role::client ? nghttp2_session_client_new(&session, callbacks, this)
                                        : nghttp2_session_server_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) fail("nghttp2");
  session_.reset(session);
  const std::array<nghttp2_settings_entry, 3> settings{{{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
                                                        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 250},
                                                        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}}};
  const std::size_t count = role == Role::client ? 3 : 2;
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), count);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, connection_window);
}

void H2::request(Request request, void* tag) {
  const std::string length = std::to_string(request.body);
  std::vector<nghttp2_nv> fields{pair_of(":method", request.method), pair_of(":scheme", "https"),
                                 pair_of(":authority", request.authority), pair_of(":path", request.path)};
  if (!request.authorization.empty()) fields.push_back(pair_of("authorization", request.authorization));
  fields.push_back(request.method == "GET" ? pair_of("accept", accepted) : pair_of("content-length", length));
  nghttp2_data_provider body{};
  body.read_callback = &Callbacks::body;
  const std::int32_t id = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                                                 request.body > 0 ? &body : nullptr, nullptr);
  if (id < 0) fail(std::string("HTTP/2 request: ") + nghttp2_strerror(id));
  Stream& stream = streams_[id];
  stream.to_send = request.body;
  stream.tag = tag;
}

void H2::respond(std::int32_t id, Stream& stream) {
  const Answer& answer = stream.answer;
  stream.to_send = answer.text.empty() ? answer.filler : 0;
  const std::string status = std::to_string(answer.status);
  const std::string length = std::to_string(answer.text.size() + stream.to_send);
  std::vector<nghttp2_nv> fields{pair_of(":status", status), pair_of("content-length", length)};
  for (const auto& [name, value] : answer.fields) fields.push_back(pair_of(name, value));
  nghttp2_data_provider body{};
  body.read_callback = &Callbacks::body;
  const bool empty = answer.text.empty() && stream.to_send == 0;
  nghttp2_submit_response(session_.get(), id, fields.data(), fields.size(), empty ? nullptr : &body);
}

void H2::pump(const Complete& complete) {
  static thread_local std::array<char, record> scratch;
  complete_ = &complete;
  for (bool blocked = false; !blocked; drain()) {
    for (std::size_t taken = 0; taken < turn && !blocked;) {
      const std::size_t fresh = secure_.read(scratch.data(), scratch.size());
      blocked = fresh == 0;
      taken += fresh;
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(scratch.data());
      const ssize_t used = blocked ? 0 : nghttp2_session_mem_recv(session_.get(), bytes, fresh);
      if (used < 0) fail(std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(used)));
      if (!failure_.empty()) fail(failure_);
    }
  }
}

bool H2::drain() {
  for (;;) {
    while (!offered_ && out_.size() < turn) {
      const std::uint8_t* frame = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_.get(), &frame);
      if (size < 0) fail("HTTP/2: sending");
      if (size == 0) break;
      out_.append(text_of(frame, static_cast<std::size_t>(size)));
    }
    if (out_.empty()) return secure_.flush();
    offered_ = true;
    if (!secure_.write(out_)) return false;
    offered_ = false;
    out_.clear();
  }
}

}  // namespace bench
