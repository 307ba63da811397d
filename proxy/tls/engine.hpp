// TLS as a codec: OpenSSL over spans of memory. It has no socket, so it can be tested back to back and used with any
// stream.
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
  // Server: the only SNI that is accepted; any other fails the handshake (T20). Empty allows any.
  std::string name{};
  party peer = party::registry;  // whom errors blame
  // By ALPN, in preference to HTTP/1.1. Client: offer it. Server: select it when it is offered.
  bool http2 = false;
  // Client: the origin whose sessions may be resumed ("host:port"), and under which new ones are stored. Empty: none.
  std::string session_key{};
};

// One connection's TLS state. Every call first clears the thread's OpenSSL error queue, which its connections share.
//
// Input is fed as a span that must stay valid until `input_left()` is 0; output collects in the engine's buffer until
// the owner has sent it. After each call everything that can be sent is in `output()`.
class engine {
 public:
  engine(const context& ctx, engine_options options);
  ~engine();
  engine(engine&&) noexcept;
  engine& operator=(engine&&) noexcept;

  void feed(std::span<const char> ciphertext) noexcept;  // only when input_left() == 0
  std::size_t input_left() const noexcept;
  bool holds_input() const noexcept;  // unread input, encrypted or decrypted: `read` may return data
  void input_ended() noexcept;        // the peer closed the stream below

  // true: done. false: more input is needed (send the output first).
  // Error codes: untrusted, wrong_name, expired (our verification of the peer), distrusted (the peer's alert
  // about our certificate: bad_certificate, unknown_ca, certificate_unknown, …), plain_http (the peer answered HTTP),
  // unsupported (the peer accepts none of the HTTP versions that we offer),
  // closed (the peer closed the connection before or during the handshake without an alert: Go does so with spare
  // ones), tls_failed. `detail` names subject, issuer or names.
  result<bool> handshake();

  // Decrypts into `into` as much as the input holds. 0: more input is needed. closed: clean end (close_notify).
  // truncated: the stream below ended without one.
  // distrusted: the same, instead of a first answer, after the server asked for a certificate and none is configured.
  result<std::size_t> read(std::span<char> into);
  // Interprets a failure of the stream below: distrusted in the same case, else `below` itself. A server's alert does
  // not always arrive, because its system resets the connection if it is closed with unread input.
  error meaning_of(error below) const;
  // Encrypts all parts into the output. Parts smaller than a record are joined into one.
  result<void> write(std::span<const std::string_view> parts);
  void close_notify();

  std::string_view output() const noexcept;
  void sent(std::size_t bytes) noexcept;  // removes from the front of the output
  // Swaps the whole output with `into`, which must be empty: bytes being sent must not move while more are collected.
  void take(buffer& into) noexcept;
  void release() noexcept;  // frees empty buffers: for idle connections

  std::string_view version() const noexcept;     // "TLSv1.3"
  std::string_view alpn() const noexcept;        // empty if none was selected
  bool offered_http2() const noexcept;           // server: the client did, whatever was selected
  std::string_view asked_name() const noexcept;  // server: the client's SNI; empty if it sent none
  bool resumed() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace regpass::tls
