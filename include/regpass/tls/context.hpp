// SSL contexts: one per trust set (upstream) or leaf (downstream), built once and shared, never per connection:
// reading the system's roots costs 20 ms and more in OpenSSL 3.0 (openssl#16878).
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/options/registry.hpp"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace regpass::tls {

using options::trust;

// Shared handle of an SSL_CTX. TLS 1.2 at least, release of idle buffers on, sessions of servers are remembered
// (tls/sessions.hpp), those of clients are not.
class context {
 public:
  explicit context(std::shared_ptr<SSL_CTX> native) : native_(std::move(native)) {}
  SSL_CTX* native() const noexcept { return native_.get(); }
  const std::shared_ptr<SSL_CTX>& share() const noexcept { return native_; }

 private:
  std::shared_ptr<SSL_CTX> native_;
};

// System roots: SSL_CERT_FILE and SSL_CERT_DIR where set, else OpenSSL's default places, else the well-known bundle
// files of the distributions. `except` is our own CA's certificate (PEM): it is left out of the roots, so that
// certificates we sign are never trusted upstream (T24). Reads files; errors are bad_input, too_large or not_found and
// name the file.
result<context> make_client_context(const trust&, const std::string& except_pem = {});

// The files' PEM certificates as one text, for the bundle that clients get: system roots as above.
result<std::string> system_roots_pem();

// A server context that presents `certificates` (leaf first) with `key`; 1 ticket, X25519 first, ALPN when the client
// offers any: "h2" if the connection's engine_options say so, else "http/1.1".
result<context> make_server_context(EVP_PKEY* key, const std::vector<X509*>& certificates);

}  // namespace regpass::tls
