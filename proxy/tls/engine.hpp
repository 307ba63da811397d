// TLS as a codec: OpenSSL over spans of memory. Knows no socket, so it is tested back to back and feeds any stream.
#pragma once

#include "regpass/base/buffer.hpp"
#include "regpass/base/error.hpp"
#include "regpass/tls/context.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace regpass::tls {

enum class role : std::uint8_t { client, server };

struct engine_options {
  tls::role role = tls::role::client;
  // Client: the name that the certificate must carry (a DNS name, or an IP literal) and, for DNS names, the SNI.
  // Server: the only name that a client may ask for by SNI; another one fails the handshake (T20). Empty allows any.
  std::string name{};
  party peer = party::registry;  // whom errors blame
  // By ALPN, beside and before HTTP/1.1. Client: offered. Server: chosen when it is offered.
  bool http2 = false;
  // Client: the origin whose sessions may be resumed ("host:port"), and under which new ones are kept. Empty: none.
  std::string session_key{};
};

// One connection's TLS state. Every call first clears the thread's OpenSSL error queue, which its connections share.
//
// Input is fed as a span that must stay valid until `input_left()` is 0; output gathers in a buffer of ours until the
// owner has sent it. The engine never holds back: after each call everything that can be sent is in `output()`.
class engine {
 public:
  engine(const context& ctx, engine_options options);
  ~engine();
  engine(engine&&) noexcept;
  engine& operator=(engine&&) noexcept;

  void feed(std::span<const char> ciphertext) noexcept;  // only when input_left() == 0
  std::size_t input_left() const noexcept;
  bool holds_input() const noexcept;  // fed, or decrypted and not yet read: `read` may have something
  void input_ended() noexcept;        // the peer closed the stream below

  // true: done. false: more input is needed (send the output first).
  // Errors tell apart: untrusted, wrong_name, expired (our verification of the peer), distrusted (the peer's alert
  // about our certificate: bad_certificate, unknown_ca, certificate_unknown, …), plain_http (the peer answered HTTP),
  // unsupported (the peer takes none of the versions of HTTP that we offer),
  // closed (the peer went away before or during the handshake without an alert: normal for spare connections of Go),
  // tls_failed. `detail` names subject, issuer or names.
  result<bool> handshake();

  // Decrypts into `into` as much as the input holds. 0: more input is needed. closed: clean end (close_notify).
  // truncated: the stream below ended without one.
  // distrusted: it did so in place of a first answer, to a client that had no certificate to send when one was asked
  // for.
  result<std::size_t> read(std::span<char> into);
  // What a failure of the stream below means here: distrusted in the same case, else `below` itself. A server's alert
  // does not always get through: its system resets the connection when it closes before it has read all we sent.
  error meaning_of(error below) const;
  // Encrypts all parts into the output. Parts smaller than a record are joined into one.
  result<void> write(std::span<const std::string_view> parts);
  void close_notify();

  std::string_view output() const noexcept;
  void sent(std::size_t bytes) noexcept;  // removes from the front of the output
  // Swaps the whole output with `into`, which must be empty: what is being sent must not move while more is gathered.
  void take(buffer& into) noexcept;
  void release() noexcept;  // frees buffers that hold nothing: for idle connections

  std::string_view version() const noexcept;     // "TLSv1.3"
  std::string_view alpn() const noexcept;        // "" when none was chosen
  bool offered_http2() const noexcept;           // server: the client did, whatever was chosen
  std::string_view asked_name() const noexcept;  // server: SNI of the client; "" when it sent none
  bool resumed() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace regpass::tls
