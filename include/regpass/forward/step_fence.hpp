// Tells a builder's requests from those of its build steps, where both come with the builder's password.
//
// BuildKit's exec proxy (0.33 and later, `buildctl build --proxy-network`) sends the requests of RUN steps by the
// daemon's own proxy variables. It terminates the step's TLS itself, so these facts are its own and no step can change
// them:
//   - its CONNECT has the User-Agent of Go's transport, and its ClientHello offers "h2". The daemon's resolver offers
//     no HTTP/2;
//   - it deletes Accept-Encoding from each request and adds none. Go's transport adds one to every request that is
//     neither HEAD nor for a range, unless it is told otherwise, and containerd's fetcher does to ranges, too.
#pragma once

#include "regpass/forward/options.hpp"
#include "regpass/http/message.hpp"

#include <cstddef>
#include <mutex>
#include <set>
#include <string_view>

namespace regpass::forward {

// What is known of the connection of a client that has shown the password of [client_auth].
struct client_traits {
  bool authenticated = false;
  bool go_transport = true;  // by its CONNECT
  bool tls = false;
  bool offered_http2 = false;
  bool took_encoding = false;  // a request had Accept-Encoding: it is not the exec proxy's connection
  std::size_t user = 0;        // hash of the user name: the exec proxy has the daemon's
};

client_traits traits_of(const http::request_head& to_proxy);

class step_fence {
 public:
  // Whether the request may be a build step's. Remembers what it says about the connection and about who has the
  // password. Thread-safe.
  bool suspects(client_traits& client, const http::request_head& asked, builder_kind builder);

 private:
  static constexpr std::size_t max_users = 256;
  void note_buildkit(std::size_t user);
  bool is_buildkits(std::size_t user) const;

  mutable std::mutex lock_;
  std::set<std::size_t> users_;  // whom BuildKit came as; with so many nobody is told apart any more
};

// A User-Agent of BuildKit's that may have an exec proxy: not of a version before 0.31.
bool names_buildkit(std::string_view user_agent);

}  // namespace regpass::forward
