#include "regpass/app/server.hpp"

#include "regpass/app/snapshot.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/forward/services.hpp"
#include "regpass/forward/session.hpp"
#include "regpass/net/listener.hpp"
#include "regpass/net/watch.hpp"
#include "regpass/net/worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <mutex>
#include <thread>

namespace regpass::app {

namespace {

constexpr std::size_t most_workers = 4;
constexpr std::size_t most_connections = 10'000;
constexpr std::size_t spare_descriptors = 64;

std::size_t workers_for(const config::settings& settings) {
  if (settings.process.workers > 0) return settings.process.workers;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_workers);
}

// Each client connection may have one upstream, so half of the descriptors are for clients.
std::size_t connections_for(const config::settings& settings) {
  if (settings.process.connections > 0) return settings.process.connections;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur <= spare_descriptors) return most_connections;
  return std::min<std::size_t>(most_connections, (files.rlim_cur - spare_descriptors) / 2);
}

std::vector<std::filesystem::path> places_for(const config::settings& settings, const config::inputs& again) {
  const auto& written = settings.credentials.docker_config;
  return written.empty() ? default_places(again.environment) : written;
}

void log_credentials(const credentials& found) {
  for (const auto& one : found.rejected) {
    log::write(log::level::error, "credentials-rejected",
               one.why + (one.kept_old ? "; its last good content stays in force" : "; nothing is known from it"),
               {{"source", one.file.string()}, {"kept_old", one.kept_old}});
  }
  boost::json::array entries;
  for (const auto& entry : found.store.entries) {
    boost::json::object shown{
        {"registry", registry::to_text(entry.host)}, {"source", entry.source}, {"key", entry.key}};
    if (entry.credential) {
      shown["kind"] = auth::name_of(entry.credential->kind);
      shown["username"] = entry.credential->username;
    }
    if (!entry.problem.empty()) shown["problem"] = entry.problem;
    entries.push_back(std::move(shown));
  }
  boost::json::array searched;
  for (const auto& text : found.searched) searched.emplace_back(text);
  log::write(log::level::info, "credentials-loaded", std::to_string(found.store.entries.size()) + " credential entries",
             {{"entries", std::move(entries)}, {"searched", std::move(searched)}});
}

}  // namespace

// One worker and what lives on it.
struct lane {
  net::worker thread;
  std::unique_ptr<exchange::pool> pool;
  std::unique_ptr<net::listener> listener;
};

struct server::state {
  state(config::loaded from, config::inputs again, tls::authority ca_)
      : settings(std::move(from.settings)),
        inputs(std::move(again)),
        ca(std::move(ca_)),
        loader(places_for(settings, inputs), settings.process.credential_file),
        journal(settings.explain.history),
        leaves(ca, settings.process.leaf_certificates) {}

  forward::snapshot_ptr current() const {
    const std::lock_guard held(lock);
    return snapshot;
  }

  result<void> adopt(const config::settings& from);
  result<void> listen();
  void serve(std::size_t index);
  void watch_files(const net::executor& control, server& owner);
  void warn_outside_constraints(const forward::snapshot& made) const;
  void stop();

  config::settings settings;
  config::inputs inputs;
  tls::authority ca;
  credential_loader loader;
  forward::memory memory;
  forward::journal journal;
  tls::leaf_cache leaves;
  mutable std::mutex lock;
  forward::snapshot_ptr snapshot;
  std::vector<std::unique_ptr<lane>> lanes;
  std::unique_ptr<forward::token_client> tokens;
  std::unique_ptr<forward::services> services;
  std::unique_ptr<net::watch> watch;
};

// Reads the credentials and makes them, with the configuration given, what is in force. On failure everything stays as
// it was.
result<void> server::state::adopt(const config::settings& from) {
  const auto before = current();
  auto found = loader.load();
  log_credentials(found);
  auto made = make_snapshot(from, found, ca.certificate_pem());
  if (!made) return std::unexpected(made.error());
  warn_outside_constraints(**made);
  {
    const std::lock_guard held(lock);
    snapshot = *made;
  }
  if (!before || !tokens) return {};
  for (const auto generation : auth::retired(before->credentials, (*made)->credentials)) {
    net::spawn(lanes.front()->thread.get_executor(), tokens->drop(generation), "dropping tokens");
  }
  return {};
}

void server::state::warn_outside_constraints(const forward::snapshot& made) const {
  for (const auto& name : forward::intercepted_names(made)) {
    if (ca.covers(name)) continue;
    log::write(
        log::level::warn, "ca",
        name + " is served, but the CA in " + settings.tls.ca_dir.string() +
            " was made without it and cannot sign for it: remove that directory, then restart regpass and its clients",
        {{"registry", name}, {"ca_dir", settings.tls.ca_dir.string()}});
  }
}

result<void> server::state::listen() {
  auto endpoint = net::parse_endpoint(settings.listen.proxy);
  if (!endpoint) return std::unexpected(endpoint.error());
  const auto count = workers_for(settings);
  for (std::size_t i = 0; i < count; ++i) {
    auto made = std::make_unique<lane>();
    const auto on = made->thread.get_executor();
    made->pool = std::make_unique<exchange::pool>(on, settings.limits);
    auto opened = net::listener::open(on, *endpoint, count > 1);
    if (!opened) return std::unexpected(opened.error());
    made->listener = std::move(*opened);
    *endpoint = made->listener->local();  // the others share the port that the first one got
    lanes.push_back(std::move(made));
  }
  return {};
}

void server::state::serve(std::size_t index) {
  auto& mine = *lanes[index];
  const forward::surroundings around{mine.thread.get_executor(), *services, *mine.pool, mine.pool->bounds()};
  mine.listener->start(
      [around](net::tcp_socket socket, std::string peer) {
        auto client = net::make_tcp_stream(std::move(socket), party::client);
        net::spawn(around.on, forward::run_session(around, std::move(client), std::move(peer)), "session");
      },
      connections_for(settings), [this] { return services->sessions.load(); });
  mine.thread.start();
}

void server::state::watch_files(const net::executor& control, server& owner) {
  std::vector<std::filesystem::path> paths = loader.places();
  watch = std::make_unique<net::watch>(control, std::move(paths), [&owner] { owner.reload(); });
}

void server::state::stop() {
  watch.reset();
  for (auto& one : lanes) one->thread.stop();
}

server::server(std::unique_ptr<state> s) : state_(std::move(s)) {}
server::~server() {
  state_->stop();
}

result<std::unique_ptr<server>> server::start(const net::executor& control, config::loaded from,
                                              const config::inputs& again) {
  // The CA's constraints need the registries' names, and those need the credentials.
  credential_loader first(places_for(from.settings, again), from.settings.process.credential_file);
  auto preview = make_snapshot(from.settings, first.load(), {});
  if (!preview) return std::unexpected(preview.error());
  const auto names = forward::intercepted_names(**preview);
  auto ca = tls::authority::open(tls::ca_options{.dir = from.settings.tls.ca_dir, .names = names}, now().wall);
  if (!ca) return std::unexpected(ca.error());
  if (auto published = tls::publish(*ca, from.settings.tls.publish_dir); !published)
    return std::unexpected(published.error());
  log::write(log::level::info, "ca", ca->created() ? "a CA was made" : "the CA found is used",
             {{"fingerprint", ca->fingerprint()},
              {"ca_dir", from.settings.tls.ca_dir.string()},
              {"publish_dir", from.settings.tls.publish_dir.string()},
              {"not_after", rfc3339(ca->not_after())}});

  auto made = std::make_unique<state>(std::move(from), again, std::move(*ca));
  if (auto adopted = made->adopt(made->settings); !adopted) return std::unexpected(adopted.error());
  if (auto listening = made->listen(); !listening) return std::unexpected(listening.error());
  auto* raw = made.get();
  made->tokens = std::make_unique<forward::token_client>(made->lanes.front()->thread.get_executor(),
                                                         made->settings.limits, made->settings.tokens);
  made->services = std::make_unique<forward::services>(
      *made->tokens, made->memory, made->journal, &made->leaves, [raw] { return raw->current(); },
      made->settings.process.tunnel_idle);
  auto whole = std::unique_ptr<server>(new server(std::move(made)));
  for (std::size_t i = 0; i < raw->lanes.size(); ++i) raw->serve(i);
  raw->watch_files(control, *whole);
  const auto at = whole->proxy_endpoint();
  log::write(log::level::info, "listening", "the proxy listens",
             {{"listener", "proxy"}, {"address", at.address().to_string() + ":" + std::to_string(at.port())}});
  return whole;
}

boost::asio::ip::tcp::endpoint server::proxy_endpoint() const {
  return state_->lanes.front()->listener->local();
}
std::filesystem::path server::publish_dir() const {
  return state_->settings.tls.publish_dir;
}
std::vector<forward::finished> server::history() const {
  return state_->journal.all();
}
std::size_t server::busy() const {
  return state_->services->busy.load();
}
void server::stop() {
  state_->stop();
}

void server::reload() {
  auto fresh = config::load(state_->inputs);
  if (!fresh.problems.empty()) {
    for (const auto& one : fresh.problems)
      log::write(log::level::error, "config-rejected", one.what, {{"fix", one.fix}});
    return;
  }
  auto adopted = state_->adopt(fresh.settings);
  if (!adopted) {
    log::write(log::level::error, "config-rejected", adopted.error().detail);
    return;
  }
  log::write(log::level::info, "config-reloaded", "configuration and credentials were read again");
}

}  // namespace regpass::app
