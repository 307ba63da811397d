#include "regpass/http/h1_codec.hpp"

#include "http/beast_parser.hpp"
#include "http/chunk_line.hpp"
#include "http/head_scan.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/field_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace regpass::http {
namespace {

using kind = h1_event::kind;
using body_kind = framing::kind;

enum class step : std::uint8_t { head, body, over, dead };

constexpr field_names of_framing("Transfer-Encoding", "Content-Length");

// For what is not in the fields themselves: the start line but for its texts, the framing, and the marks of each field.
std::size_t room_for(const fields& headers) noexcept {
  constexpr std::size_t else_needed = 128;
  return else_needed + headers.size() * std::string_view(": \r\n").size();
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_framing(std::string& out, const framing& body) {
  if (body.how == body_kind::chunked) append_field(out, "Transfer-Encoding", "chunked");
  if (body.how == body_kind::counted) append_field(out, "Content-Length", std::to_string(body.length));
}

// Checks "HTTP/1." as far as it has arrived: other protocols are recognised at once, not only at their first empty
// line.
bool may_be_response(std::string_view bytes) noexcept {
  constexpr std::string_view start = "HTTP/1.";
  return bytes.substr(0, start.size()) == start.substr(0, bytes.size());
}

}  // namespace

template <class Head>
struct h1_decoder<Head>::state {
  state(const h1_limits& l, std::string_view m) : limits(l), method(m), parser(l) {}

  h1_limits limits;
  std::string method;
  beast_parser<Head> parser;
  head_scan scan;
  http::framing body;
  std::uint64_t left = 0;  // of a counted body
  step at = step::head;
  bool started = false;
  error cause;  // why it is dead

  result<h1_event> die(error why) {
    why.when = at == step::head ? phase::head : phase::body;
    why.answer_started = started && std::is_same_v<Head, response_head>;
    at = step::dead;
    cause = why;
    return std::unexpected(std::move(why));
  }

  result<h1_event> die(errc code, std::string why) { return die(fail(code, std::move(why)).error()); }

  result<http::framing> judge() const {
    if constexpr (std::is_same_v<Head, request_head>) {
      return request_framing(parser.head);
    } else {
      return response_framing(parser.head, method);
    }
  }

  result<h1_event> read_head(std::string_view bytes) {
    if (bytes.empty()) return h1_event{};
    started = true;
    if (std::is_same_v<Head, response_head> && !may_be_response(bytes)) {
      return die(errc::bad_message, "the answer is not HTTP/1");
    }
    const auto length = scan.feed(bytes);
    if (!length) return die(length.error());
    const bool full = *length == 0 && bytes.size() >= limits.head_bytes;
    if (full || *length > limits.head_bytes) {
      return die(errc::too_large, fmt::format("message head longer than {} bytes", limits.head_bytes));
    }
    if (*length == 0) return h1_event{};
    return parse_head(bytes.substr(0, *length));
  }

  result<h1_event> parse_head(std::string_view bytes) {
    bool wants_more = false;
    const auto consumed = parser.step(bytes, wants_more);
    if (!consumed) return die(consumed.error());
    if (wants_more || *consumed != bytes.size()) return die(errc::bad_message, "malformed message head");
    const auto judged = judge();
    if (!judged) return die(judged.error());
    body = *judged;
    left = body.length;
    at = body.has_body() ? step::body : step::over;
    return h1_event{kind::head, bytes.size(), {}};
  }

  result<h1_event> read_counted(std::string_view bytes) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
    if (size == 0) return h1_event{};
    left -= size;
    if (left == 0) at = step::over;
    return h1_event{kind::data, size, bytes.substr(0, size)};
  }

  result<h1_event> read_chunked(std::string_view bytes) {
    h1_event event;
    while (event.consumed < bytes.size()) {
      const auto rest = bytes.substr(event.consumed);
      const auto line = chunk_line(rest, parser.chunks_begun);
      if (parser.left_in_chunk == 0) {
        const auto ready = line.judge();
        if (!ready) return die(ready.error());
        if (!*ready) return event;
      }
      bool wants_more = false;
      const auto consumed = parser.step(rest, wants_more);
      if (!consumed) return die(consumed.error());
      event.consumed += *consumed;
      if (!parser.piece.empty()) {
        event.what = kind::data;
        event.data = parser.piece;
        return event;
      }
      if (!wants_more && !parser.is_done()) continue;
      const auto judged = judge_trailers(line.behind(rest), wants_more);
      if (!judged) return die(judged.error());
      return wants_more ? event : end(event);
    }
    return event;
  }

  // `section` may hold bytes of the next message when it is complete.
  result<void> judge_trailers(std::string_view section, bool incomplete) const {
    const auto length = incomplete ? result<std::size_t>(section.size() + 1) : head_scan().feed(section);
    if (!length) return std::unexpected(length.error());
    if (*length <= limits.head_bytes) return {};
    return fail(errc::too_large, fmt::format("trailers longer than {} bytes", limits.head_bytes));
  }

  h1_event end(h1_event event) {
    at = step::over;
    event.what = kind::end;
    return event;
  }

  result<h1_event> read_body(std::string_view bytes) {
    if (body.how == body_kind::chunked) return read_chunked(bytes);
    if (body.how == body_kind::counted) return read_counted(bytes);
    if (bytes.empty()) return h1_event{};
    return h1_event{kind::data, bytes.size(), bytes};
  }
};

template <class Head>
h1_decoder<Head>::h1_decoder(const h1_limits& limits, std::string_view method)
    : state_(std::make_unique<state>(limits, method)) {}

template <class Head>
h1_decoder<Head>::~h1_decoder() = default;

template <class Head>
h1_decoder<Head>::h1_decoder(h1_decoder&&) noexcept = default;

template <class Head>
h1_decoder<Head>& h1_decoder<Head>::operator=(h1_decoder&&) noexcept = default;

template <class Head>
result<h1_event> h1_decoder<Head>::next(std::string_view bytes) {
  switch (state_->at) {
    case step::head:
      return state_->read_head(bytes);
    case step::body:
      return state_->read_body(bytes);
    case step::over:
      return state_->end({});
    case step::dead:
      break;
  }
  return std::unexpected(state_->cause);
}

template <class Head>
result<h1_event> h1_decoder<Head>::finish() {
  auto& s = *state_;
  if (s.at == step::dead) return std::unexpected(s.cause);
  if (s.at == step::over || (s.at == step::body && s.body.how == body_kind::until_close)) return s.end({});
  if (!s.started) return s.die(errc::closed, "connection closed before a message");
  return s.die(errc::truncated, s.at == step::head ? "connection closed in the middle of a message head"
                                                   : "connection closed in the middle of a message body");
}

template <class Head>
const Head& h1_decoder<Head>::head() const noexcept {
  return state_->parser.head;
}

template <class Head>
Head h1_decoder<Head>::take_head() noexcept {
  return std::move(state_->parser.head);
}

template <class Head>
const http::framing& h1_decoder<Head>::framing() const noexcept {
  return state_->body;
}

template <class Head>
const fields& h1_decoder<Head>::trailers() const noexcept {
  return state_->parser.trailers;
}

template <class Head>
bool h1_decoder<Head>::started() const noexcept {
  return state_->started;
}

template class h1_decoder<request_head>;
template class h1_decoder<response_head>;

std::string write_head(const request_head& head, const framing& body) {
  std::string out;
  out.reserve(head.method.size() + head.target.size() + head.headers.bytes() + room_for(head.headers));
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  for (const auto [name, value] : head.headers) {
    if (!of_framing.contains(name)) append_field(out, name, value);
  }
  append_framing(out, body);
  out.append("\r\n");
  return out;
}

std::string write_head(const response_head& head, const framing& body, std::string_view connection) {
  std::string out;
  out.reserve(head.reason.size() + head.headers.bytes() + room_for(head.headers));
  out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ").append(head.reason).append("\r\n");
  for (const auto [name, value] : head.headers) {
    if (!of_framing.contains(name) && !iequals(name, "Connection")) append_field(out, name, value);
  }
  append_framing(out, body);
  if (!connection.empty()) append_field(out, "Connection", connection);
  out.append("\r\n");
  return out;
}

std::string chunk_prefix(std::size_t size) {
  return fmt::format("{:x}\r\n", size);
}

std::string last_chunk(const fields& trailers) {
  std::string out = "0\r\n";
  for (const auto& f : trailers) out += fmt::format("{}: {}\r\n", f.name, f.value);
  return out + "\r\n";
}

}  // namespace regpass::http
