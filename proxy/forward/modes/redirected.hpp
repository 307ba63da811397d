// A connection that was meant for somebody else and was redirected to us: what its first bytes say, and whom it is for.
// Pure.
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

// errc::denied for a connection that was not redirected (its original destination is the address it came in at), or
// that was meant for a listener of ours: serving it would have us call ourselves.
result<void> judge_capture(const net_endpoint& original, const net_endpoint& local,
                           std::span<const net_endpoint> own_listeners);

struct beginning {
  enum class kind : std::uint8_t {
    need_more,
    tls,   // with its ClientHello
    http,  // a request line, or what looks like one
    other  // passed through unread; TLS whose ClientHello cannot be read too
  };
  kind what = kind::need_more;
  tls::client_hello hello;
};
beginning beginning_of(std::string_view bytes);

// The host is the one that SNI names, or without a usable name the original destination; the port is always the
// latter's.
target captured_tls(const tls::client_hello&, const net_endpoint& original);
// The same by Host. errc::bad_message when Host is malformed or names another port than the one that was dialled. The
// head must be in origin form or "*".
result<target> captured_http(const http::request_head&, const net_endpoint& original);
target captured_opaque(const net_endpoint& original);

// A request to a proxy: its client knows of one, and the connection to that was redirected.
bool meant_for_a_proxy(const http::request_head&) noexcept;
// A request that has come through proxies of our kind so often is going round in circles.
bool runs_in_circles(const http::request_head&);

}  // namespace regpass::forward
