// Distinguishes a builder's own requests from those of its build steps when both carry the builder's password.
//
// BuildKit's exec proxy (0.33 and later, `buildctl build --proxy-network`) sends the requests of RUN steps through the
// proxy in the daemon's own variables. It terminates the step's TLS itself, so a step cannot change these properties of
// its requests:
//   - its CONNECT has the User-Agent of Go's transport, and its ClientHello offers "h2". The daemon's resolver offers
//     no HTTP/2;
//   - it deletes Accept-Encoding from each request and adds none. Go's transport adds one to every request that is
//     neither HEAD nor for a range, unless configured otherwise, and containerd's fetcher also adds one to ranges.
#pragma once

#include "forward/services/options.hpp"
#include "regpass/http/message.hpp"

#include <cstddef>
#include <mutex>
#include <set>
#include <string_view>

namespace regpass::forward {

// What is known about the connection of a client that presented the password of [client_auth].
struct client_traits {
  bool authenticated = false;
  bool go_transport = true;  // judged by the User-Agent of its CONNECT
  bool tls = false;
  bool offered_http2 = false;
  bool sent_accept_encoding = false;  // in any request: then it is not the exec proxy's connection
  std::size_t user = 0;               // hash of the user name, which the exec proxy shares with its daemon
};

client_traits traits_of(const http::request_head& to_proxy);

class step_detector {
 public:
  // Whether the request may come from a build step. Updates `client`, and remembers which users are BuildKits.
  // Thread-safe.
  bool suspects(client_traits& client, const http::request_head& request, builder_kind builder);

 private:
  static constexpr std::size_t max_users = 256;
  void note_buildkit(std::size_t user);
  bool is_buildkit_user(std::size_t user) const;

  mutable std::mutex lock_;
  std::set<std::size_t> buildkit_users_;  // when it is full, every user counts as a BuildKit
};

// Whether the User-Agent is that of a BuildKit that may have an exec proxy: 0.31 or later, or of unknown version.
bool names_buildkit(std::string_view user_agent);

}  // namespace regpass::forward
