// TLS sessions of servers that were spoken to, so that the next connection skips a round trip and a signature.
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
  // The newest that may still be used; null when there is none. Tickets of TLS 1.3 leave the cache: they are for one
  // use (RFC 8446 appendix C.4). Those of 1.2 stay, since no new one need follow.
  session_ptr take(const std::string& origin);
  std::size_t size() const;

 private:
  using entry = std::pair<std::string, session_ptr>;
  mutable std::mutex lock_;
  std::list<entry> newest_first_;
};

// Gives the client context a cache that lives as long as it. False: out of memory.
bool remember_sessions(SSL_CTX& context);
// Offers what is known of the origin, and has what the server hands out kept under it, which must outlive the SSL.
void resume(SSL& ssl, const std::string& origin);

}  // namespace regpass::tls
