// The client's end of a connection, by HTTP/1.1 or HTTP/2, directly or through a proxy.
#pragma once

#include "secure.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bench {

/// Where connections go, and how.
struct Way {
  explicit Way(const Options& options);

  /// Trusts the CA; by HTTP/2 it offers nothing else.
  [[nodiscard]] Context context() const;

  Endpoint target;
  std::optional<Endpoint> proxy;  // by CONNECT
  std::string ca_file;
  bool http2;
};

class Link {
 public:
  using Done = std::function<void(void* tag, const Answer& answer, std::uint64_t body)>;

  virtual ~Link() = default;
  [[nodiscard]] virtual Secure& secure() = 0;
  /// By HTTP/1.1 one at a time. It leaves with the next `advance`.
  virtual void start(const Request& request, void* tag) = 0;
  /// Goes on until the socket would block. `done` may start the next request.
  virtual void advance(const Done& done) = 0;
};

/// Connects (it blocks for CONNECT); the handshake happens with the first `advance`, and resumes `session` if there is
/// one.
std::unique_ptr<Link> make_link(const Way& way, SSL_CTX* context, SSL_SESSION* session = nullptr);

/// Asks and waits for the answer.
Answer ask(Link& link, const Request& request);

}  // namespace bench
