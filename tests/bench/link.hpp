// The client's end of a connection, over HTTP/1.1 or HTTP/2, directly or through a proxy.
#pragma once

#include "secure.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bench {

/// The destination of connections, and the route to it.
struct Way {
  explicit Way(const Options& options);

  /// Trusts the CA; for HTTP/2, it offers no other protocol.
  [[nodiscard]] Context context() const;

  Endpoint target;
  std::optional<Endpoint> proxy;  // with CONNECT
  std::string ca_file;
  bool http2;
};

class Link {
 public:
  using Done = std::function<void(void* tag, const Answer& answer, std::uint64_t body)>;

  virtual ~Link() = default;
  [[nodiscard]] virtual Secure& secure() = 0;
  /// Queues a request, one at a time over HTTP/1.1. The next `advance` sends it.
  virtual void start(const Request& request, void* tag) = 0;
  /// Makes progress until the socket would block. `done` may start the next request.
  virtual void advance(const Done& done) = 0;
};

/// Connects, blocking for CONNECT. The TLS handshake happens in the first `advance` and resumes `session` if given.
std::unique_ptr<Link> make_link(const Way& way, SSL_CTX* context, SSL_SESSION* session = nullptr);

/// Sends a request and waits for the response.
Answer ask(Link& link, const Request& request);

}  // namespace bench
