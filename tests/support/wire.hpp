// A blocking TCP connection with optional TLS, for the test's end of a connection. Independent of the code under test.
#pragma once

#include "certificates.hpp"

#include <openssl/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::testing {

using ssl_context = std::shared_ptr<SSL_CTX>;
// Presents `pair`; with a CA (PEM), it only accepts clients with a certificate from it.
ssl_context server_side(const issued& pair, std::string_view client_ca_pem = {});
// Trusts only these CA certificates (PEM).
ssl_context client_side(std::string_view ca_pem);

struct client_hello {
  std::string name{};               // the name the certificate must have; not checked if empty
  std::string sni{};                // sent unless empty
  std::vector<std::string> alpn{};  // offered protocols
};

// Reads and writes have a time limit after which they throw, so that a test fails instead of hanging.
class wire {
 public:
  static constexpr std::chrono::milliseconds patience{30'000};

  explicit wire(int descriptor);
  static wire dial(const std::string& address, std::uint16_t port);
  wire(wire&& other) noexcept;
  wire& operator=(wire&&) = delete;
  ~wire();

  // False if the handshake failed; `failure()` returns the reason.
  bool secure_as_server(const ssl_context& context);
  bool secure_as_client(const ssl_context& context, const client_hello& hello);
  const std::string& failure() const { return failure_; }
  std::string alpn() const;
  bool resumed() const;

  // At least one byte, or empty at the end; `cut()` then tells whether the connection ended without a proper close.
  std::string read(std::size_t most = 64 * 1024);
  bool cut() const { return cut_; }
  bool readable(std::chrono::milliseconds within) const;
  // False if the peer no longer accepts data.
  bool write(std::string_view bytes);

  void shut_write();  // close_notify in TLS, then a half-close
  void half_close();  // only the half-close
  void reset();       // RST instead of FIN
  void close();
  void interrupt();  // called from another thread: aborts waiting calls
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  SSL* ssl_ = nullptr;
  bool cut_ = false;
  std::string failure_;
};

}  // namespace regpass::testing
