// Reads the intended server from the first bytes of a client's TLS stream, without consuming them (RFC 8446 section
// 4.1.2, RFC 6066 section 3, RFC 7301).
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
  // There is an encrypted_client_hello: `server_name` may be that of a front server that can decrypt the real one.
  // Clients also send it as GREASE (RFC 9849 section 6.2), which looks the same.
  bool encrypted = false;
};

struct first_bytes {
  enum class kind : std::uint8_t {
    need_more,  // the beginning of a ClientHello so far
    hello,      // a complete ClientHello, in one or more TLS records
    too_large,  // larger than any client's (most_hello), or spread over too many records
    not_tls     // anything else, including a malformed ClientHello
  };
  kind what = kind::need_more;
  client_hello hello;
};

inline constexpr std::size_t most_hello = 16 * 1024;        // bytes of the handshake message
inline constexpr std::size_t most_first_bytes = 32 * 1024;  // with the headers of its records

// Pure. `bytes` is everything received so far, from the stream's first byte; bytes after the hello are ignored.
first_bytes peek_client_hello(std::string_view bytes);

}  // namespace regpass::tls
