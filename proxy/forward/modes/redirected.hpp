// What is known of a redirected connection from its addresses and its first bytes. Pure.
#pragma once

#include "forward/modes/target.hpp"
#include "regpass/http/message.hpp"
#include "tls/client_hello.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace regpass::forward {

using net_endpoint = boost::asio::ip::tcp::endpoint;

// errc::denied for a connection that was not redirected (its original destination is the address it arrived at), or
// whose original destination is a listener of regpass: serving it would make regpass connect to itself.
result<void> check_redirection(const net_endpoint& original, const net_endpoint& local,
                               std::span<const net_endpoint> own_listeners);

struct detected_protocol {
  enum class kind : std::uint8_t {
    need_more,
    tls,   // `hello` is set
    http,  // begins like a request line
    other  // tunnelled unread; includes TLS whose ClientHello cannot be parsed
  };
  kind what = kind::need_more;
  tls::client_hello hello;
};
detected_protocol detect_protocol(std::string_view bytes);

// The host comes from SNI, or from the original destination if SNI has no usable name; the port is always that of the
// original destination.
target redirected_tls(const tls::client_hello&, const net_endpoint& original);
// The same with Host in place of SNI. errc::bad_message when Host is malformed or names another port than the client
// connected to. The request must be in origin form or "*".
result<target> redirected_http(const http::request_head&, const net_endpoint& original);
target redirected_opaque(const net_endpoint& original);

// Whether the client sent the request to a proxy, and its connection to that proxy was redirected.
bool is_proxy_request(const http::request_head&) noexcept;
// Whether the request has passed through so many regpass proxies that it must be looping.
bool is_forwarding_loop(const http::request_head&);

}  // namespace regpass::forward
