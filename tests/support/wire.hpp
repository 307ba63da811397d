// A blocking TCP connection, with TLS when it is wanted: the test's own end of a wire. Independent of the code under
// test.
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
// Presents `pair`; with a CA (PEM) it lets in only who has a certificate of that.
ssl_context server_side(const issued& pair, std::string_view client_ca_pem = {});
// Believes in these CA certificates (PEM) only.
ssl_context client_side(std::string_view ca_pem);

struct client_hello {
  std::string name{};               // what the certificate must be for; empty: not checked
  std::string sni{};                // sent when not empty
  std::vector<std::string> alpn{};  // offered protocols
};

// Waits are bounded: a read or write that takes longer throws, so a test fails instead of hanging.
class wire {
 public:
  static constexpr std::chrono::milliseconds patience{30'000};

  explicit wire(int descriptor);
  static wire dial(const std::string& address, std::uint16_t port);
  wire(wire&& other) noexcept;
  wire& operator=(wire&&) = delete;
  ~wire();

  // False when the handshake failed; `failure()` says why.
  bool secure_as_server(const ssl_context& context);
  bool secure_as_client(const ssl_context& context, const client_hello& hello);
  const std::string& failure() const { return failure_; }
  std::string alpn() const;
  bool resumed() const;

  // What is there, at least one byte. Empty: the end; `cut()` then says whether it came without due form.
  std::string read(std::size_t most = 64 * 1024);
  bool cut() const { return cut_; }
  bool readable(std::chrono::milliseconds within) const;
  // False when the peer takes no more.
  bool write(std::string_view bytes);

  void shut_write();  // close_notify in TLS, then a half-close
  void half_close();  // the half-close alone
  void reset();       // RST instead of FIN
  void close();
  void interrupt();  // from another thread: ends what waits
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  SSL* ssl_ = nullptr;
  bool cut_ = false;
  std::string failure_;
};

}  // namespace regpass::testing
