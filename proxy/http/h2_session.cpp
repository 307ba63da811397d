// Maps nghttp2's C callbacks to calls of the codec's state.
#include "http/h2_state.hpp"
#include "regpass/base/text.hpp"

namespace regpass::http {
namespace {

using state = h2_codec::state;

state& of(void* user) {
  return *static_cast<state*>(user);
}

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  return of(user).on_head_begin(frame->hd.stream_id);
}

int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
              const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
  return of(user).on_field(frame->hd.stream_id, view(name, name_size), view(value, value_size));
}

// nghttp2 would drop the field and continue; different parsers must not see different messages (T18).
int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*,
                      std::size_t, std::uint8_t, void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  return of(user).on_frame(*frame);
}

int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size, void* user) {
  return of(user).on_data(id, view(data, size));
}

int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  return of(user).on_frame_sent(*frame);
}

int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
  return of(user).on_stream_closed(id, code);
}

int on_send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header, std::size_t size,
                 nghttp2_data_source*, void* user) {
  return of(user).send_data(frame->hd.stream_id, header, size);
}

int on_error(nghttp2_session*, int, const char* text, std::size_t size, void* user) {
  of(user).complaint = clean(std::string_view(text, size), 200);
  return 0;
}

void set_callbacks(nghttp2_session_callbacks* calls) {
  nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(calls, on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
  nghttp2_session_callbacks_set_send_data_callback(calls, on_send_data);
  nghttp2_session_callbacks_set_error_callback2(calls, on_error);
}

// nghttp2's own limit of resets answers with another code than the one that says why.
constexpr std::uint64_t unlimited = 1'000'000'000;

void set_options(nghttp2_option* options) {
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_stream_reset_rate_limit(options, unlimited, unlimited);
}

}  // namespace

std::unique_ptr<nghttp2_session, session_deleter> make_h2_session(state& owner) {
  nghttp2_session_callbacks* calls = nullptr;
  nghttp2_option* options = nullptr;
  nghttp2_session* session = nullptr;
  if (nghttp2_session_callbacks_new(&calls) != 0 || nghttp2_option_new(&options) != 0) throw std::bad_alloc();
  set_callbacks(calls);
  set_options(options);
  const auto make = owner.role == h2_role::server ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  const int failed = make(&session, calls, &owner, options);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(calls);
  if (failed != 0) throw std::bad_alloc();
  return std::unique_ptr<nghttp2_session, session_deleter>(session);
}

std::vector<nghttp2_nv> to_nv(const std::vector<h2_field>& list) {
  std::vector<nghttp2_nv> nv;
  nv.reserve(list.size());
  for (const auto& each : list) {
    // The interface is not const-correct; the bytes are copied, not changed.
    auto* name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(each.name.data()));
    auto* value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(each.value.data()));
    const std::uint8_t flags = each.sensitive ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    nv.push_back({name, value, each.name.size(), each.value.size(), flags});
  }
  return nv;
}

}  // namespace regpass::http
