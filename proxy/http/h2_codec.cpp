#include "regpass/http/h2_codec.hpp"

#include "http/h2_state.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace regpass::http {
namespace {

ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t room, std::uint32_t* flags,
                  nghttp2_data_source* source, void*) {
  return static_cast<h2_codec::state*>(source->ptr)->supply(id, room, *flags);
}

nghttp2_data_provider provider(h2_codec::state& owner) {
  nghttp2_data_provider provider{};
  provider.source.ptr = &owner;
  provider.read_callback = read_body;
  return provider;
}

std::string length_text(const framing& body) {
  return body.how == framing::kind::counted ? std::to_string(body.length) : std::string();
}

constexpr std::size_t most_own_streams = 1000;
constexpr std::size_t most_expected_events = 64;

}  // namespace

h2_codec::h2_codec(h2_role role, const h2_limits& limits) : state_(std::make_unique<state>(role, limits)) {}
h2_codec::~h2_codec() = default;
h2_codec::h2_codec(h2_codec&&) noexcept = default;
h2_codec& h2_codec::operator=(h2_codec&&) noexcept = default;

result<void> h2_codec::feed(std::string_view bytes, steady_time at) {
  state& s = *state_;
  s.at = at;
  s.scan.feed(bytes, [&s](const h2_frame_header& header) { return s.on_frame_header(header); });
  if (s.flooded) return s.judge(0);
  const auto outcome =
      nghttp2_session_mem_recv(s.session.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return s.judge(outcome);
}

result<void> h2_codec::state::judge(ssize_t outcome) {
  const bool calm = outcome == NGHTTP2_ERR_FLOODED || outcome == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
  if (calm) flood("too many frames of one kind");
  if (flooded) {
    nghttp2_session_terminate_session(session.get(), NGHTTP2_ENHANCE_YOUR_CALM);
    return std::unexpected(*flooded);
  }
  if (outcome >= 0) return {};
  nghttp2_session_terminate_session(session.get(), NGHTTP2_PROTOCOL_ERROR);
  return fail(errc::bad_message, std::string("not HTTP/2: ") + nghttp2_strerror(static_cast<int>(outcome)));
}

// As many are likely to come next.
std::vector<h2_event> h2_codec::take_events() noexcept {
  auto& events = state_->events;
  std::vector<h2_event> next;
  next.reserve(std::min(events.size(), most_expected_events));
  return std::exchange(events, std::move(next));
}

result<void> h2_codec::output(std::string& into, std::size_t enough) {
  state& s = *state_;
  s.out = &into;
  s.enough = enough;
  while (into.size() < enough) {
    const std::uint8_t* data = nullptr;
    const auto size = nghttp2_session_mem_send(s.session.get(), &data);
    if (size <= 0) break;
    into.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  if (s.broken) return std::unexpected(*s.broken);
  return {};
}

bool h2_codec::over() const noexcept {
  auto* session = state_->session.get();
  return nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0;
}

result<std::int32_t> h2_codec::request(const request_head& head, const framing& body) {
  state& s = *state_;
  if (s.leaving || nghttp2_session_check_request_allowed(s.session.get()) == 0) {
    return fail(errc::closed, "the connection takes no new requests");
  }
  const auto length = length_text(body);
  const auto list = h2_fields(head, length);
  const auto nv = to_nv(list);
  const auto source = provider(s);
  const auto* source_or_null = body.has_body() ? &source : nullptr;
  const auto id = nghttp2_submit_request(s.session.get(), nullptr, nv.data(), nv.size(), source_or_null, nullptr);
  if (id < 0) return fail(errc::closed, nghttp2_strerror(id));
  auto& opened = s.streams[id];
  opened.method = head.method;
  opened.reported = true;
  return id;
}

void h2_codec::inform(std::int32_t stream, const response_head& head) {
  const auto status = std::to_string(head.status);
  const auto list = h2_fields(head, status, {}, false);
  const auto nv = to_nv(list);
  nghttp2_submit_headers(state_->session.get(), NGHTTP2_FLAG_NONE, stream, nullptr, nv.data(), nv.size(), nullptr);
}

void h2_codec::respond(std::int32_t stream, const response_head& head, const framing& body) {
  const auto status = std::to_string(head.status);
  const auto length = length_text(body);
  const bool keep_length = body.how == framing::kind::none && head.status != 204;
  const auto list = h2_fields(head, status, length, keep_length);
  const auto nv = to_nv(list);
  const auto source = provider(*state_);
  nghttp2_submit_response(state_->session.get(), stream, nv.data(), nv.size(), body.has_body() ? &source : nullptr);
}

void h2_codec::lend(std::int32_t stream, std::string_view piece) {
  auto* found = state_->find(stream);
  if (!found || found->dropped) return;
  found->lent = piece;
  nghttp2_session_resume_data(state_->session.get(), stream);
}

void h2_codec::finish(std::int32_t stream, const fields& trailers) {
  auto* found = state_->find(stream);
  if (!found || found->dropped) return;
  found->finishing = true;
  found->trailers = trailers;
  nghttp2_session_resume_data(state_->session.get(), stream);
}

void h2_codec::consumed(std::int32_t stream, std::size_t bytes) {
  if (bytes > 0) nghttp2_session_consume(state_->session.get(), stream, bytes);
}

void h2_codec::reset(std::int32_t stream, h2_code code) {
  auto* found = state_->find(stream);
  if (found && !found->dropped) state_->drop(stream, *found, code);
}

void h2_codec::go_away(h2_code code) {
  state& s = *state_;
  s.leaving = true;
  nghttp2_submit_goaway(s.session.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(s.session.get()),
                        static_cast<std::uint32_t>(code), nullptr, 0);
}

std::size_t h2_codec::most_streams() const noexcept {
  const auto most = nghttp2_session_get_remote_settings(state_->session.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return std::min<std::size_t>(most, most_own_streams);
}

}  // namespace regpass::http
