#include "http/framing.hpp"

#include "regpass/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace regpass::http {
namespace {

using kind = framing::kind;

std::unexpected<error> refuse(std::string_view why) {
  return fail(errc::bad_message, std::string(why));
}

// Digits only. The grammar allows leading zeros, but some parsers read them as octal.
result<std::uint64_t> parse_length(std::string_view text) {
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !digits) return refuse("Content-Length is not a plain number");
  if (text.size() > 1 && text.front() == '0') return refuse("Content-Length has leading zeros");
  std::uint64_t length = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (failed != std::errc{}) return refuse("Content-Length is beyond every bound");
  return length;
}

// RFC 9112 section 6.1 and 6.3; `otherwise` is how a message without both headers is framed.
result<framing> judge(const fields& headers, int minor, kind otherwise) {
  const auto coding = headers.get("Transfer-Encoding");
  const auto stated = headers.get("Content-Length");
  if (coding && stated) return refuse("Content-Length together with Transfer-Encoding");
  if (coding) {
    if (minor == 0) return refuse("Transfer-Encoding in HTTP/1.0");
    if (headers.count("Transfer-Encoding") > 1) return refuse("several Transfer-Encoding headers");
    const bool chunked = iequals(*coding, "chunked");
    if (!chunked) return refuse("a Transfer-Encoding other than chunked");
    return framing{kind::chunked, 0};
  }
  if (!stated) return framing{otherwise, 0};
  if (headers.count("Content-Length") > 1) return refuse("several Content-Length headers");
  const auto length = parse_length(*stated);
  if (!length) return std::unexpected(length.error());
  return framing{kind::counted, *length};
}

bool persists(const fields& headers, int minor) noexcept {
  bool close = false;
  bool keep = false;
  for (const auto token : headers.tokens("Connection")) {
    close = close || iequals(token, "close");
    keep = keep || iequals(token, "keep-alive");
  }
  return !close && (minor >= 1 || keep);
}

}  // namespace

result<framing> request_framing(const request_head& head) {
  const auto hosts = head.headers.count("Host");
  if (hosts > 1) return refuse("several Host headers");
  if (hosts == 0 && head.minor >= 1) return refuse("no Host header");
  const auto body = judge(head.headers, head.minor, kind::none);
  if (body && body->has_body() && head.method == "CONNECT") return refuse("CONNECT with a body");
  return body;
}

result<framing> response_framing(const response_head& head, std::string_view method) {
  if (method == "CONNECT" && head.status / 100 == 2) return framing{};  // whatever it says (RFC 9110 section 9.3.6)
  const auto body = judge(head.headers, head.minor, kind::until_close);
  if (!body) return body;
  const bool bodiless = is_interim(head) || head.status == 204;
  if (bodiless && body->has_body() && body->how != kind::until_close) {
    return refuse("a body announced by Content-Length or Transfer-Encoding where the status has none");
  }
  if (bodiless || head.status == 304 || method == "HEAD") return framing{};
  return body;
}

bool keeps_alive(const request_head& head) noexcept {
  return persists(head.headers, head.minor);
}

bool keeps_alive(const response_head& head) noexcept {
  return persists(head.headers, head.minor);
}

}  // namespace regpass::http
