// The keys of [limits].
#include "config/keys/fields.hpp"
#include "config/keys/schema.hpp"

namespace regpass::config {
namespace {

constexpr std::int64_t kib = 1024, mib = 1024 * kib;
constexpr std::int64_t hour = 3'600'000, day = 24 * hour;

key<settings> number(std::string_view name, std::string_view text, std::int64_t least, std::int64_t most, auto field) {
  return row<settings>({name, kind::integer, text, least, most}, field);
}

key<settings> time(std::string_view name, std::string_view text, std::int64_t most, auto field) {
  return row<settings>({name, kind::duration, text, 1, most}, field);
}

std::vector<key<settings>> of_messages() {
  return {
      number("limits.head_bytes", "Bytes of a request's or response's head, and of trailers.", kib, 16 * mib,
             [](auto& s) -> auto& { return s.limits.head.head_bytes; }),
      number("limits.head_fields", "Fields of a head.", 1, 10'000,
             [](auto& s) -> auto& { return s.limits.head.head_fields; }),
      number("limits.target_bytes", "Bytes of a request's target.", 256, mib,
             [](auto& s) -> auto& { return s.limits.head.target_bytes; }),
      number("limits.body_buffer", "Bytes of a body held in memory, per direction of a connection.", 4 * kib, 64 * mib,
             [](auto& s) -> auto& { return s.limits.body_buffer; }),
      number("limits.http2_streams", "Streams of an HTTP/2 connection open at once.", 1, 1'000,
             [](auto& s) -> auto& { return s.limits.h2.streams; }),
      number("limits.http2_stream_window", "Body bytes buffered per HTTP/2 stream.", 64 * kib, 2 * mib,
             [](auto& s) -> auto& { return s.limits.h2.stream_window; }),
      number("limits.http2_connection_window", "Body bytes buffered for all streams of a client's HTTP/2 connection.",
             64 * kib, 256 * mib, [](auto& s) -> auto& { return s.limits.h2.connection_window; }),
      number("limits.http2_resets", "Streams that a client may reset in 10 s before its connection is closed.", 1,
             100'000, [](auto& s) -> auto& { return s.limits.h2.resets; }),
      number("limits.http2_control_frames",
             "Control frames accepted in 10 s: SETTINGS, PING, PRIORITY, CONTINUATION, unknown and empty DATA frames, "
             "WINDOW_UPDATE frames beyond those that the data sent explains, and a registry's resets of streams that "
             "no longer exist.",
             10, 1'000'000, [](auto& s) -> auto& { return s.limits.h2.control_frames; }),
      number("limits.interim_responses", "1xx responses before the final one.", 1, 1'000,
             [](auto& s) -> auto& { return s.limits.interim_responses; }),
  };
}

std::vector<key<settings>> of_connections() {
  return {
      time("limits.head_timeout", "Time from a request's first byte to the end of its head.", hour,
           [](auto& s) -> auto& { return s.limits.head_within; }),
      time("limits.tls_timeout", "Time for a TLS handshake.", hour,
           [](auto& s) -> auto& { return s.limits.tls_within; }),
      time("limits.idle_timeout", "Time between two requests, and between two pieces of a body.", day,
           [](auto& s) -> auto& { return s.limits.idle_for; }),
      time("limits.response_timeout", "Time from a request's last byte to the response's head.", day,
           [](auto& s) -> auto& { return s.limits.response_within; }),
      number("limits.idle_per_origin",
             "Idle upstream connections kept per registry and worker; surplus ones are closed after a second.", 0,
             10'000, [](auto& s) -> auto& { return s.limits.idle_per_origin; }),
      number("limits.workers", "Threads. 0: one per usable CPU, considering cpusets and CPU limits, at most 4.", 0, 256,
             [](auto& s) -> auto& { return s.process.workers; }),
      number("limits.connections",
             "Client connections per listener. 0: 10000, or as many as open files and the memory limit allow.", 0,
             1'000'000, [](auto& s) -> auto& { return s.process.connections; }),
      time("limits.tunnel_idle_timeout", "Time after which an idle tunnel is closed.", 7 * day,
           [](auto& s) -> auto& { return s.process.tunnel_idle; }),
      row<settings>({.name = "limits.refusals_per_second",
                     .kind = kind::integer,
                     .text = "Refusals written to log and history, per second, client and cause; the rest are only "
                             "counted.",
                     .least = 1,
                     .most = 1'000'000,
                     .formerly = "limits.refusals_told"},
                    [](auto& s) -> auto& { return s.process.refusals_per_second; }),
      number("limits.leaf_certificates", "Certificates for intercepted names kept in memory.", 1, 100'000,
             [](auto& s) -> auto& { return s.process.leaf_certificates; }),
  };
}

std::vector<key<settings>> of_tokens() {
  return {
      number("limits.challenge_bytes", "Bytes of a response's WWW-Authenticate fields.", 256, mib,
             [](auto& s) -> auto& { return s.tokens.challenge.bytes; }),
      number("limits.challenges", "Challenges in a response.", 1, 100,
             [](auto& s) -> auto& { return s.tokens.challenge.challenges; }),
      number("limits.challenge_scope_bytes", "Bytes of a challenge's scope.", 256, mib,
             [](auto& s) -> auto& { return s.tokens.challenge.scope_bytes; }),
      number("limits.token_response_bytes", "Bytes of a token server's answer.", kib, 64 * mib,
             [](auto& s) -> auto& { return s.tokens.answer.response_bytes; }),
      number("limits.token_bytes", "Bytes of a token.", 256, mib,
             [](auto& s) -> auto& { return s.tokens.answer.token_bytes; }),
      time("limits.token_timeout", "Time for a token request as a whole.", hour,
           [](auto& s) -> auto& { return s.tokens.exchange_within; }),
      number("limits.cached_tokens", "Tokens kept in memory.", 1, 1'000'000,
             [](auto& s) -> auto& { return s.tokens.cached_tokens; }),
      number("limits.credential_file_bytes", "Bytes of a credential file.", kib, 64 * mib,
             [](auto& s) -> auto& { return s.process.credential_file; }),
      time("limits.helper_timeout", "Time after which a credential helper or kubelet plugin is killed.", hour,
           [](auto& s) -> auto& { return s.programs.within; }),
      number("limits.helper_output_bytes", "Bytes that a credential helper or kubelet plugin may write.", kib, 64 * mib,
             [](auto& s) -> auto& { return s.programs.output_bytes; }),
  };
}

}  // namespace

std::vector<key<settings>> limit_keys() {
  std::vector<key<settings>> out;
  for (auto part : {of_messages(), of_connections(), of_tokens()}) out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace regpass::config
