// TLS sessions of upstream servers, so that the next connection saves a round trip and a signature.
//
// One cache per client context, hence per trust set. A session is offered only to the origin it came from, so the
// certificate that was verified for it is that origin's, and only while that certificate is valid.
#pragma once

#include "tls/openssl_ptr.hpp"

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <utility>

namespace regpass::tls {

using session_ptr = std::unique_ptr<SSL_SESSION, free_by<SSL_SESSION_free>>;

// Thread-safe: workers share their contexts.
class session_cache {
 public:
  static constexpr std::size_t capacity = 256;
  static constexpr std::size_t per_origin = 4;

  void keep(const std::string& origin, session_ptr session);
  // The newest usable session, or null. TLS 1.3 tickets are removed, because they are for a single use (RFC 8446
  // appendix C.4). TLS 1.2 sessions stay, because the server need not send a new one.
  session_ptr take(const std::string& origin);
  std::size_t size() const;

 private:
  using entry = std::pair<std::string, session_ptr>;
  mutable std::mutex lock_;
  std::list<entry> newest_first_;
};

// Gives the client context a cache with the same lifetime. False: out of memory.
bool remember_sessions(SSL_CTX& context);
// Offers a known session of the origin, and stores new ones under `origin`, which must outlive the SSL.
void resume(SSL& ssl, const std::string& origin);

}  // namespace regpass::tls
