#include "regpass/forward/step_fence.hpp"

#include "regpass/forward/client_auth.hpp"

#include <charconv>
#include <functional>
#include <string>

namespace regpass::forward {

namespace {

constexpr std::string_view go_agent = "Go-http-client/";
constexpr std::string_view buildkit_agent = "buildkit/";
constexpr std::string_view versioned = "v0.";
constexpr int first_with_exec_proxy = 31;

}  // namespace

client_traits traits_of(const http::request_head& to_proxy) {
  const auto agent = to_proxy.headers.get("User-Agent");
  client_traits made;
  made.authenticated = true;
  made.go_transport = !agent || agent->starts_with(go_agent);
  made.user = std::hash<std::string>()(proxy_user(to_proxy.headers));
  return made;
}

bool names_buildkit(std::string_view user_agent) {
  if (!user_agent.starts_with(buildkit_agent)) return false;
  user_agent.remove_prefix(buildkit_agent.size());
  if (!user_agent.starts_with(versioned)) return true;
  user_agent.remove_prefix(versioned.size());
  int minor = first_with_exec_proxy;
  std::from_chars(user_agent.data(), user_agent.data() + user_agent.size(), minor);
  return minor >= first_with_exec_proxy || minor == 0;  // 0.0: not built as a release
}

bool step_fence::suspects(client_traits& client, const http::request_head& asked, builder_kind builder) {
  if (!client.authenticated || builder == builder_kind::other) return false;
  const bool may_be_exec_proxy = !client.tls || (client.offered_http2 && client.go_transport);
  // In the clear a step can claim to be BuildKit: that closes the fence, and opens nothing.
  const bool may_be_daemon = !client.tls || !client.offered_http2;
  if (may_be_daemon && names_buildkit(asked.headers.get("User-Agent").value_or(""))) note_buildkit(client.user);
  client.took_encoding = client.took_encoding || asked.headers.count("Accept-Encoding") > 0;
  if (!may_be_exec_proxy || client.took_encoding) return false;
  const bool is_buildkit = builder == builder_kind::buildkit || is_buildkits(client.user);
  // The daemon's own HEAD requests look the same in the clear; those of other Go clients look the same over TLS.
  if (asked.method == "HEAD") return client.tls && is_buildkit;
  return client.tls || is_buildkit;
}

void step_fence::note_buildkit(std::size_t user) {
  const std::lock_guard held(lock_);
  if (users_.size() < max_users) users_.insert(user);
}

bool step_fence::is_buildkits(std::size_t user) const {
  const std::lock_guard held(lock_);
  return users_.size() >= max_users || users_.contains(user);
}

}  // namespace regpass::forward
