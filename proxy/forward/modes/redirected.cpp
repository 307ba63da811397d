#include "forward/modes/redirected.hpp"

#include "regpass/base/host_name.hpp"
#include "regpass/net/endpoint.hpp"

#include <algorithm>

namespace regpass::forward {

namespace {

constexpr std::size_t max_method_length = 20;
constexpr int max_regpass_hops = 4;

std::string literal(const net_endpoint& at) {
  return at.address().to_string();
}

target make_redirected(target::way way, std::string scheme, std::string host, const net_endpoint& original) {
  http::origin origin{.scheme = std::move(scheme), .host = std::move(host), .port = original.port()};
  auto to = make_target(way, std::move(origin));
  to.original = literal(original);
  return to;
}

// The name in SNI must be a DNS name (RFC 6066 section 3); anything else is ignored.
std::string host_of(const tls::client_hello& hello, const net_endpoint& original) {
  auto name = canonical_host(hello.server_name);
  boost::system::error_code no_address;
  if (name) boost::asio::ip::make_address(*name, no_address);
  return name && no_address ? std::move(*name) : literal(original);
}

bool is_method_letter(char c) {
  return (c >= 'A' && c <= 'Z') || c == '-';
}

// HTTP/2 without TLS begins with a request line that only looks like one (RFC 9113 section 3.4).
constexpr std::string_view http2_preface = "PRI ";

detected_protocol::kind judge_request_line(std::string_view bytes) {
  if (bytes.starts_with(http2_preface)) return detected_protocol::kind::other;
  const auto end = std::ranges::find_if_not(bytes, is_method_letter);
  const auto length = static_cast<std::size_t>(end - bytes.begin());
  if (length > max_method_length) return detected_protocol::kind::other;
  if (end == bytes.end()) return detected_protocol::kind::need_more;
  return length > 0 && *end == ' ' ? detected_protocol::kind::http : detected_protocol::kind::other;
}

}  // namespace

result<void> check_redirection(const net_endpoint& original, const net_endpoint& local,
                               std::span<const net_endpoint> own_listeners) {
  if (original == local) {
    return fail(errc::denied, "the connection was made to " + net::shown(local) +
                                  " itself: this listener takes only connections that were redirected to it");
  }
  if (std::ranges::find(own_listeners, original) != own_listeners.end()) {
    return fail(errc::denied, "the connection was meant for " + net::shown(original) +
                                  ", a listener of regpass, and was redirected to " + net::shown(local));
  }
  return {};
}

detected_protocol detect_protocol(std::string_view bytes) {
  auto first = tls::peek_client_hello(bytes);
  switch (first.what) {
    case tls::first_bytes::kind::hello:
      return {detected_protocol::kind::tls, std::move(first.hello)};
    case tls::first_bytes::kind::need_more:
      return {detected_protocol::kind::need_more, {}};
    case tls::first_bytes::kind::too_large:
      return {detected_protocol::kind::other, {}};
    case tls::first_bytes::kind::not_tls:
      break;
  }
  return {judge_request_line(bytes), {}};
}

target redirected_tls(const tls::client_hello& hello, const net_endpoint& original) {
  return make_redirected(target::way::redirected_tls, "https", host_of(hello, original), original);
}

result<target> redirected_http(const http::request_head& head, const net_endpoint& original) {
  const auto host = head.headers.get("Host");
  if (!host) return make_redirected(target::way::redirected_http, "http", literal(original), original);
  auto parts = http::parse_authority(*host, original.port());
  if (!parts) return std::unexpected(parts.error());
  if (parts->port != original.port()) {
    return fail(errc::bad_message, "Host names port " + std::to_string(parts->port) +
                                       ", but the client connected to port " + std::to_string(original.port()));
  }
  return make_redirected(target::way::redirected_http, "http", std::move(parts->host), original);
}

target redirected_opaque(const net_endpoint& original) {
  return make_redirected(target::way::redirected_opaque, "https", literal(original), original);
}

bool is_proxy_request(const http::request_head& head) noexcept {
  return head.method == "CONNECT" || (!head.target.starts_with('/') && head.target != "*");
}

bool is_forwarding_loop(const http::request_head& head) {
  return std::ranges::count(head.headers.tokens("Via"), "1.1 regpass") >= max_regpass_hops;
}

}  // namespace regpass::forward
