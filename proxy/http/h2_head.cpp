#include "http/h2_head.hpp"

#include "regpass/base/text.hpp"
#include "regpass/http/field_names.hpp"
#include "regpass/http/origin.hpp"

#include <algorithm>
#include <charconv>

namespace regpass::http {
namespace {

// Fields that HTTP/2 does not allow or expresses in another way.
constexpr field_names not_in_http2("Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "TE",
                                   "Host", "Content-Length");
constexpr field_names never_trailers("Content-Length", "Host", "Authorization", "Content-Type", "Set-Cookie",
                                     "Location", "Content-Range", "WWW-Authenticate");

std::unexpected<error> refuse(std::string detail) {
  return fail(errc::bad_message, std::move(detail));
}

bool visible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

bool token(std::string_view text) {
  constexpr std::string_view separators = "\"(),/:;<=>?@[\\]{}";
  return visible(text) && text.find_first_of(separators) == std::string_view::npos;
}

// The two names of the host must agree, or different parsers would assign the request to different hosts (T18).
bool same_host(std::string_view authority, std::string_view host) {
  if (authority == host) return true;
  const auto first = parse_authority(authority, 1);
  const auto other = parse_authority(host, 1);
  return first && other && first->host == other->host && first->port == other->port;
}

result<framing> framing_of(const fields& headers, bool ends) {
  const auto length = headers.get("Content-Length");
  if (!length) return framing{ends ? framing::kind::none : framing::kind::chunked, 0};
  std::uint64_t bytes = 0;
  const auto [end, failed] = std::from_chars(length->data(), length->data() + length->size(), bytes);
  if (failed != std::errc() || end != length->data() + length->size()) return refuse("Content-Length is no number");
  if (ends && bytes != 0) return framing{};  // nghttp2 has judged whether it may be so: HEAD, 304
  return framing{framing::kind::counted, bytes};
}

void copy(std::vector<h2_field>& into, const fields& from) {
  into.reserve(into.size() + from.size() + 1);  // and a length
  for (const auto& each : from) {
    if (!not_in_http2.contains(each.name)) into.push_back({each.name, each.value, iequals(each.name, "Authorization")});
  }
}

}  // namespace

bool h2_head_builder::add(std::string_view name, std::string_view value, const h1_limits& limits) {
  bytes_ += name.size() + value.size() + 4;  // as ": " and CRLF do in HTTP/1.1
  if (bytes_ > limits.head_bytes || fields_.size() >= limits.head_fields) return false;
  if (name == ":method") {
    method_ = value;
  } else if (name == ":path") {
    if (value.size() > limits.target_bytes) return false;
    path_ = value;
  } else if (name == ":authority") {
    authority_ = value;
  } else if (name == ":status") {
    status_ = value;
  } else if (name == "cookie") {
    cookie_ += (cookie_.empty() ? "" : "; ") + std::string(value);  // section 8.2.3: one field in HTTP/1.1
  } else if (!name.starts_with(':') && name != "te") {
    fields_.add(name, value);
  }
  return true;
}

result<h2_request> h2_head_builder::request(bool ends) {
  h2_request parsed;
  if (!token(method_)) return refuse(":method is no token");
  if (method_ == "CONNECT") return refuse("CONNECT is no request to an origin server");
  if (!visible(path_) || (path_.front() != '/' && path_ != "*")) return refuse(":path is no path");
  const auto host = fields_.get("Host");
  const std::string named = authority_ ? *authority_ : std::string(host.value_or(""));
  if (!visible(named)) return refuse("neither :authority nor host names a host");
  if (host && !same_host(named, *host)) return refuse(":authority and host name different hosts");
  auto body = framing_of(fields_, ends);
  if (!body) return std::unexpected(body.error());
  parsed.body = *body;
  parsed.head.method = std::move(method_);
  parsed.head.target = std::move(path_);
  parsed.head.headers.add("Host", named);
  for (const auto& each : fields_) {
    if (!iequals(each.name, "Host")) parsed.head.headers.add(each.name, each.value);
  }
  if (!cookie_.empty()) parsed.head.headers.add("Cookie", cookie_);
  return parsed;
}

result<h2_response> h2_head_builder::response(bool ends, std::string_view method) {
  h2_response parsed;
  const auto [end, failed] = std::from_chars(status_.data(), status_.data() + status_.size(), parsed.head.status);
  if (failed != std::errc() || end != status_.data() + status_.size() || parsed.head.status < 100 ||
      parsed.head.status > 599) {
    return refuse(":status is no status");
  }
  const int status = parsed.head.status;
  const bool bodiless = method == "HEAD" || status == 204 || status == 304 || status < 200;
  auto body = bodiless ? framing() : framing_of(fields_, ends);
  if (!body) return std::unexpected(body.error());
  parsed.body = *body;
  parsed.head.reason = std::string(reason_phrase(status));
  parsed.head.headers = std::move(fields_);
  return parsed;
}

fields h2_head_builder::trailers() {
  fields_.erase_if([](std::string_view name) { return never_trailers.contains(name); });
  return std::move(fields_);
}

std::vector<h2_field> h2_fields(const request_head& head, std::string_view length) {
  std::vector<h2_field> list{{":method", head.method},
                             {":scheme", "https"},
                             {":authority", head.headers.get("Host").value_or("")},
                             {":path", head.target}};
  copy(list, head.headers);
  if (!length.empty()) list.push_back({"content-length", length});
  return list;
}

std::vector<h2_field> h2_fields(const response_head& head, std::string_view status, std::string_view length,
                                bool keep_length) {
  std::vector<h2_field> list{{":status", status}};
  copy(list, head.headers);
  const auto own = head.headers.get("Content-Length");
  if (!length.empty()) {
    list.push_back({"content-length", length});
  } else if (keep_length && own) {
    list.push_back({"content-length", *own});
  }
  return list;
}

std::vector<h2_field> h2_fields(const fields& trailers) {
  std::vector<h2_field> list;
  copy(list, trailers);
  return list;
}

}  // namespace regpass::http
