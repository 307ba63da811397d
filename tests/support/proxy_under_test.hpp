// The real proxy engine behind a real listener on loopback, with a hand-built snapshot.
//
// Its destructor checks that no session outlives its client, and examines everything that was logged at the highest
// verbosity: each line must be JSON, and none may contain a secret (T26, T27).
#pragma once

#include "fake_token_server.hpp"
#include "raw_client.hpp"
#include "regpass/auth/credential.hpp"
#include "regpass/forward/history.hpp"
#include "regpass/forward/snapshot.hpp"
#include "transport/limits.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::forward {
class credential_client;
class token_client;
}  // namespace regpass::forward

namespace regpass::testing {

struct engine_settings {
  transport::limits bounds{};
  forward::token_bounds tokens{};
  std::chrono::milliseconds tunnel_idle{900'000};
  std::size_t journal = 256;
};

class proxy_under_test {
 public:
  // The password of every credential created here.
  static constexpr std::string_view password_canary = "canary-password";

  explicit proxy_under_test(const engine_settings& settings = {});
  ~proxy_under_test();
  proxy_under_test(const proxy_under_test&) = delete;
  proxy_under_test& operator=(const proxy_under_test&) = delete;

  // Replaces the snapshot for exchanges that start from now on.
  void change(const std::function<void(forward::snapshot&)>& how);
  // A [[registry]] for the server; pulling and pushing everything is allowed unless `how` says otherwise.
  using options_change = std::function<void(forward::registry_options&)>;
  void serve(const fake_server& registry, const options_change& how = {});
  void serve(const std::string& authority, bool tls, const options_change& how = {});
  // Adds a credential for it, as from a file; returns its generation.
  std::uint64_t credential(const std::string& authority, auth::credential_kind kind = auth::credential_kind::basic,
                           std::string username = "alice", std::string value = std::string(password_canary));

  // Turns the second port into a mirror of the registry.
  void mirror(const std::string& authority, const std::string& path = "");
  std::uint16_t mirror_port() const;
  raw_client at_mirror() const;

  std::uint16_t port() const;
  raw_client client() const { return raw_client(port()); }
  // A client on a connection for `authority` that was redirected on its way to `original` ("address:port").
  raw_client captured(const std::string& original, const std::string& authority);
  raw_client inside(const std::string& authority) const { return raw_client::inside(port(), authority); }

  // Waits for this many finished exchanges and refusals and returns them.
  std::vector<forward::exchange_record> finished(std::size_t count = 1) const;
  std::vector<boost::json::object> log_lines(std::string_view event = "");
  // The lines that have reached the file so far. Unlike the former, it can be called repeatedly without losing lines
  // that are logged in the meantime.
  std::vector<boost::json::object> log_lines_so_far(std::string_view event) const;
  std::size_t sessions() const;
  std::size_t busy() const;
  // Whether there is no client connection and no work in progress.
  bool at_rest() const;
  forward::token_client& tokens();
  // Runs it on the thread of the connections and waits for it.
  void on_its_thread(const std::function<void()>& work);
  // Runs credential programs; outlives the sessions.
  void programs(forward::credential_client* client);
  // Adds a text that no log line may contain.
  void count_as_secret(std::string text) { secrets_.push_back(std::move(text)); }

 private:
  struct engine;
  void look_through_log();

  std::vector<std::string> secrets_;
  std::unique_ptr<engine> engine_;
};

// The usual case: a registry that requires tokens, its token server, and a proxy that has a credential for it.
struct token_scene {
  explicit token_scene(const engine_settings& settings = {});
  raw_client inside() const { return proxy.inside(registry.authority()); }

  fake_server registry;
  fake_token_server tokens;
  proxy_under_test proxy;
};

// A registry that allows anonymous access, and a proxy that serves it.
struct open_scene {
  explicit open_scene(const engine_settings& settings = {}) : proxy(settings) { proxy.serve(registry); }
  raw_client inside() const { return proxy.inside(registry.authority()); }

  fake_server registry;
  proxy_under_test proxy;
};

std::string digest_of(std::string_view content);  // "sha256:…"

}  // namespace regpass::testing
