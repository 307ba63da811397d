#include "proxy_under_test.hpp"

#include "common_ground.hpp"
#include "forward/modes/explicit_proxy_mode.hpp"
#include "forward/modes/mirror_mode.hpp"
#include "forward/modes/transparent_mode.hpp"
#include "forward/services/services.hpp"
#include "regpass/async/worker.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/net/listener.hpp"
#include "regpass/net/tcp_stream.hpp"
#include "temporary_directory.hpp"
#include "tls_pair.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>

namespace regpass::testing {
namespace {

constexpr std::size_t most_sessions = 10'000;

boost::asio::ip::tcp::endpoint any_port() {
  return value_of(net::parse_endpoint("127.0.0.1:0"));
}

}  // namespace

struct proxy_under_test::engine {
  explicit engine(const engine_settings& settings)
      : snapshot(std::make_shared<forward::snapshot>()),
        pool(worker.get_executor(), settings.bounds),
        tokens(worker.get_executor(), settings.bounds, settings.tokens, metrics),
        programs(worker.get_executor(), {}, {{"PATH", "/usr/bin:/bin"}}, [](std::uint64_t) {}),
        journal(settings.journal),
        leaves(common_ground().proxy_ca),
        services{tokens, memory, journal, metrics, &leaves, [this] { return current(); }, settings.tunnel_idle},
        listener(value_of(net::listener::open(worker.get_executor(), any_port(), false))),
        mirror_listener(value_of(net::listener::open(worker.get_executor(), any_port(), false))) {}

  void start() {
    services.programs = &programs;
    const forward::worker_context around{worker.get_executor(), services, pool, pool.bounds()};
    listener->start(
        [this, around](net::tcp_socket socket, std::string peer) {
          proxy_mode.accept({around, std::move(socket), std::move(peer), {}});
        },
        most_sessions, [this] { return services.load.sessions.load(); });
    mirror_listener->start(
        [this, around](net::tcp_socket socket, std::string peer) {
          mirror_mode.accept({around, std::move(socket), std::move(peer), {}});
        },
        most_sessions, [this] { return services.load.sessions.load(); });
    worker.start();
  }

  // The listener for connections that were redirected on their way to `original`.
  std::uint16_t port_for(const std::string& original) {
    auto& open = captured[original];
    if (open) return open->local().port();
    open = value_of(net::listener::open(worker.get_executor(), any_port(), false));
    const forward::worker_context around{worker.get_executor(), services, pool, pool.bounds()};
    const auto destination = value_of(net::parse_endpoint(original));
    open->start(
        [this, around, destination](net::tcp_socket socket, std::string peer) {
          auto client = net::make_tcp_stream(std::move(socket), party::client);
          auto session = transparent_mode.session_for(around, std::move(client), std::move(peer), destination);
          async::spawn(around.on, std::move(session), "redirected session");
        },
        most_sessions, [this] { return services.load.sessions.load(); });
    return open->local().port();
  }

  void start_log() const {
    const auto started =
        log::start({.threshold = log::level::debug, .style = log::format::json, .file = place / "log"});
    if (!started) throw std::runtime_error(to_text(started.error()));
  }

  forward::snapshot_ptr current() const {
    const std::lock_guard held(lock);
    return snapshot;
  }

  temporary_directory place;
  forward::explicit_proxy_mode proxy_mode;
  forward::transparent_mode transparent_mode;
  forward::mirror_mode mirror_mode{"mirror"};
  mutable std::mutex lock;
  forward::snapshot_ptr snapshot;
  async::worker worker;
  transport::pool pool;
  forward::metrics metrics;
  forward::token_client tokens;
  forward::credential_client programs;
  forward::registry_hints memory;
  forward::history journal;
  tls::leaf_cache leaves;
  forward::services services;
  std::unique_ptr<net::listener> listener;
  std::map<std::string, std::unique_ptr<net::listener>> captured;
  std::unique_ptr<net::listener> mirror_listener;
};

proxy_under_test::proxy_under_test(const engine_settings& settings)
    : secrets_{std::string(password_canary), std::string(fake_token_server::token_canary),
               base64("alice:" + std::string(password_canary))},
      engine_(std::make_unique<engine>(settings)) {
  engine_->start_log();
  engine_->start();
}

proxy_under_test::~proxy_under_test() {
  CHECK(at_rest());
  engine_->worker.stop();
  log::stop();
  look_through_log();
}

void proxy_under_test::look_through_log() {
  std::istringstream lines(content_of(engine_->place / "log"));
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    boost::system::error_code ec;
    CHECK(boost::json::parse(line, ec).is_object());
    for (const auto& one : secrets_) CHECK(line.find(one) == std::string::npos);
    CHECK(line.find(R"("event":"bug")") == std::string::npos);
  }
}

void proxy_under_test::mirror(const std::string& authority, const std::string& path) {
  forward::mirror_entry entry;
  entry.options = {"mirror", value_of(registry::parse_host(authority)), path};
  entry.unknown.options.host = entry.options.registry;
  entry.unknown.options.trust = common_ground().upstream_trust;
  entry.unknown.context = common_ground().upstream_context;
  change([&](forward::snapshot& from) { from.mirrors.insert_or_assign("mirror", entry); });
}

std::uint16_t proxy_under_test::mirror_port() const {
  return engine_->mirror_listener->local().port();
}

raw_client proxy_under_test::at_mirror() const {
  raw_client made(mirror_port());
  made.address("127.0.0.1:" + std::to_string(mirror_port()));
  return made;
}

std::uint16_t proxy_under_test::port() const {
  return engine_->listener->local().port();
}
raw_client proxy_under_test::captured(const std::string& original, const std::string& authority) {
  raw_client made(engine_->port_for(original));
  made.address(authority);
  return made;
}
std::size_t proxy_under_test::sessions() const {
  return engine_->services.load.sessions.load();
}
std::size_t proxy_under_test::busy() const {
  return engine_->services.load.busy;
}
forward::token_client& proxy_under_test::tokens() {
  return engine_->tokens;
}

void proxy_under_test::on_its_thread(const std::function<void()>& work) {
  engine_->worker.call(work);
}

void proxy_under_test::programs(forward::credential_client* client) {
  engine_->services.programs = client;
}

void proxy_under_test::change(const std::function<void(forward::snapshot&)>& how) {
  auto made = std::make_shared<forward::snapshot>(*engine_->current());
  how(*made);
  const std::lock_guard held(engine_->lock);
  engine_->snapshot = std::move(made);
}

void proxy_under_test::serve(const fake_server& registry, const options_change& how) {
  serve(registry.authority(), registry.tls(), how);
}

void proxy_under_test::serve(const std::string& authority, bool tls, const options_change& how) {
  forward::registry_entry entry;
  entry.configured = true;
  entry.context = common_ground().upstream_context;
  entry.options.host = value_of(registry::parse_host(authority));
  entry.options.policy.push = {"*"};
  entry.options.trust = common_ground().upstream_trust;
  entry.options.plain_http = !tls;
  if (how) how(entry.options);
  change([&](forward::snapshot& from) { from.registries.insert_or_assign(entry.options.host, entry); });
}

std::uint64_t proxy_under_test::credential(const std::string& authority, auth::credential_kind kind,
                                           std::string username, std::string value) {
  const auto made = std::make_shared<auth::credential>(auth::credential{.kind = kind,
                                                                        .username = std::move(username),
                                                                        .value = secret(value),
                                                                        .source = "/run/secrets/config.json",
                                                                        .key = authority,
                                                                        .generation = auth::next_generation()});
  change([&](forward::snapshot& from) {
    const auto host = value_of(registry::parse_host(authority));
    std::erase_if(from.credentials.entries, [&](const auto& one) { return one.host == host; });
    from.credentials.entries.push_back({host, made, made->source, made->key, ""});
  });
  return made->generation;
}

std::vector<forward::exchange_record> proxy_under_test::finished(std::size_t count) const {
  holds_soon([&] { return engine_->journal.all().size() >= count; });
  return engine_->journal.all();
}

std::vector<boost::json::object> proxy_under_test::log_lines(std::string_view event) {
  log::stop();
  auto found = log_lines_so_far(event);
  engine_->start_log();
  return found;
}

std::vector<boost::json::object> proxy_under_test::log_lines_so_far(std::string_view event) const {
  const auto content = content_of(engine_->place / "log");
  std::istringstream lines(content.substr(0, content.rfind('\n') + 1));
  std::vector<boost::json::object> found;
  for (std::string line; std::getline(lines, line);) {
    auto one = boost::json::parse(line).as_object();
    if (event.empty() || one["event"].as_string() == event) found.push_back(std::move(one));
  }
  return found;
}

bool proxy_under_test::at_rest() const {
  return holds_soon([&] { return sessions() == 0 && busy() == 0; });
}

token_scene::token_scene(const engine_settings& settings) : proxy(settings) {
  tokens.guard(registry);
  proxy.serve(registry, [&](forward::registry_options& options) { options.realms = {tokens.realm()}; });
  proxy.credential(registry.authority());
}

std::string digest_of(std::string_view content) {
  return "sha256:" + sha256_of(content);
}

}  // namespace regpass::testing
