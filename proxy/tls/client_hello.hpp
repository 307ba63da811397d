// Whom a client's TLS is for, from the first bytes of its stream, without taking any (RFC 8446 section 4.1.2, RFC 6066
// section 3, RFC 7301).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::tls {

struct client_hello {
  std::string server_name;        // SNI as sent; empty: none
  std::vector<std::string> alpn;  // offered protocols in the client's order
  // An encrypted_client_hello is there: `server_name` may be that of whoever can read the true one. Clients also send
  // it without meaning (RFC 9849 section 6.2), which looks the same.
  bool encrypted = false;
};

struct first_bytes {
  enum class kind : std::uint8_t {
    need_more,  // the beginning of a ClientHello so far
    hello,      // a whole one, in one TLS record or many
    too_large,  // one that is larger than any client's (most_hello), or spread over too many records
    not_tls     // something else, also a ClientHello that is not well-formed
  };
  kind what = kind::need_more;
  client_hello hello;
};

inline constexpr std::size_t most_hello = 16 * 1024;        // bytes of the handshake message
inline constexpr std::size_t most_first_bytes = 32 * 1024;  // with the headers of its records

// Pure and total. `bytes` is everything that has come so far, from the stream's first byte on; what stands behind the
// hello is not looked at.
first_bytes peek_client_hello(std::string_view bytes);

}  // namespace regpass::tls
