#include "forward/session/step_detector.hpp"

#include "forward/session/client_auth.hpp"

#include <charconv>
#include <functional>
#include <string>

namespace regpass::forward {

namespace {

constexpr std::string_view go_agent = "Go-http-client/";
constexpr std::string_view buildkit_agent = "buildkit/";
constexpr std::string_view versioned = "v0.";
constexpr int first_with_exec_proxy = 31;  // which uses the daemon's proxy variables from 0.33 on

}  // namespace

client_traits traits_of(const http::request_head& to_proxy) {
  const auto agent = to_proxy.headers.get("User-Agent");
  client_traits traits;
  traits.authenticated = true;
  traits.go_transport = !agent || agent->starts_with(go_agent);
  traits.user = std::hash<std::string>()(proxy_user(to_proxy.headers));
  return traits;
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

bool step_detector::suspects(client_traits& client, const http::request_head& request, builder_kind builder) {
  if (!client.authenticated || builder == builder_kind::other) return false;
  const bool may_be_exec_proxy = !client.tls || (client.offered_http2 && client.go_transport);
  // Over plain HTTP a step can claim to be BuildKit, but that only makes the rules stricter.
  const bool may_be_daemon = !client.tls || !client.offered_http2;
  if (may_be_daemon && names_buildkit(request.headers.get("User-Agent").value_or(""))) note_buildkit(client.user);
  client.sent_accept_encoding = client.sent_accept_encoding || request.headers.count("Accept-Encoding") > 0;
  if (!may_be_exec_proxy || client.sent_accept_encoding) return false;
  const bool is_buildkit = builder == builder_kind::buildkit || is_buildkit_user(client.user);
  // Over plain HTTP the daemon's own HEAD requests look the same; over TLS those of other Go clients do.
  if (request.method == "HEAD") return client.tls && is_buildkit;
  return client.tls || is_buildkit;
}

void step_detector::note_buildkit(std::size_t user) {
  const std::lock_guard held(lock_);
  if (buildkit_users_.size() < max_users) buildkit_users_.insert(user);
}

bool step_detector::is_buildkit_user(std::size_t user) const {
  const std::lock_guard held(lock_);
  return buildkit_users_.size() >= max_users || buildkit_users_.contains(user);
}

}  // namespace regpass::forward
