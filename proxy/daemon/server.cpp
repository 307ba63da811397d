#include "daemon/server.hpp"

#include "admin/control.hpp"
#include "admin/health.hpp"
#include "daemon/build_step_warnings.hpp"
#include "daemon/ca_report.hpp"
#include "daemon/client_secret.hpp"
#include "daemon/connection_limit.hpp"
#include "daemon/credential_report.hpp"
#include "daemon/fast_aes.hpp"
#include "daemon/file_access.hpp"
#include "daemon/key_log.hpp"
#include "daemon/listeners.hpp"
#include "daemon/page_listener.hpp"
#include "daemon/prepared_metrics.hpp"
#include "daemon/reload_guard.hpp"
#include "daemon/side_listeners.hpp"
#include "daemon/snapshot.hpp"
#include "daemon/status_report.hpp"
#include "daemon/upstream_proxy_report.hpp"
#include "forward/services/services.hpp"
#include "net/names/resolver.hpp"
#include "platform/file_watch.hpp"
#include "platform/usable_cpus.hpp"
#include "regpass/async/worker.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/listener.hpp"

#include <algorithm>
#include <mutex>
#include <set>

namespace regpass::daemon {

namespace {

constexpr std::size_t most_workers = 4;

std::size_t workers_for(const config::settings& settings) {
  if (settings.process.workers > 0) return settings.process.workers;
  return std::min(platform::usable_cpus(), most_workers);
}

}  // namespace

// One worker and what lives on it.
struct worker_state {
  async::worker thread;
  std::unique_ptr<transport::pool> pool;
  std::vector<std::unique_ptr<net::listener>> listeners;  // one for each listen_point
};

struct server::state {
  state(async::executor on, config::loaded from, config::inputs again, tls::authority ca_)
      : control(std::move(on)),
        in_force(from),
        settings(std::move(from.settings)),
        inputs(std::move(again)),
        config_file(from.file.string()),
        ca(std::move(ca_)),
        loader(sources_from(settings, inputs.environment), settings.process.credential_file),
        journal(settings.explain.history),
        leaves(ca, settings.process.leaf_certificates) {}

  forward::snapshot_ptr current() const {
    const std::lock_guard held(lock);
    return snapshot;
  }

  result<void> adopt(const config::settings& from);
  void note_rejected(const credentials& found, const std::filesystem::path& secret_file);
  result<std::shared_ptr<const secret>> client_password(const config::settings& from);
  result<void> open_side_listeners(bool admin_wanted);
  void drop(std::uint64_t generation);
  void make_workers();
  result<void> listen();
  result<void> open(listen_point& one);
  void serve(worker_state& mine);
  void watch_files(const config::settings& from);
  void reload();
  void stop();

  async::executor control;
  config::loaded in_force;  // the last that was adopted
  config::settings settings;
  config::inputs inputs;
  std::string config_file;
  tls::authority ca;
  credential_loader loader;
  client_secret_loader client_secret;
  std::vector<rejection> rejected;                      // in the last load
  std::vector<std::filesystem::path> credential_files;  // that are in force
  std::set<std::filesystem::path> open_files;           // that others may read, as far as it was said
  forward::registry_hints memory;
  forward::history journal;
  forward::metrics metrics;
  tls::leaf_cache leaves;
  mutable std::mutex lock;
  forward::snapshot_ptr snapshot;
  std::vector<listen_point> listen_points;  // those that are open
  std::size_t most_connections = 0;
  std::vector<std::unique_ptr<worker_state>> workers;
  std::unique_ptr<forward::token_client> tokens;
  std::unique_ptr<forward::credential_client> programs;
  std::unique_ptr<forward::services> services;
  std::vector<std::filesystem::path> watched;
  std::unique_ptr<platform::file_watch> watch;
  std::unique_ptr<self_report> report;
  std::unique_ptr<side_listeners> sides;
  std::string page_url;
};

// Reads the credentials and makes them, with the configuration given, what is in force. On failure everything stays as
// it was.
result<void> server::state::adopt(const config::settings& from) {
  const auto before = current();
  auto password = client_password(from);
  if (!password) return std::unexpected(password.error());
  loader.follow(sources_from(from, inputs.environment));
  auto found = loader.load();
  log_credentials(found);
  warn_of(found, from);
  note_rejected(found, from.client_auth.secret_file);
  warn_of_open_files(from, found, open_files);
  auto made = make_snapshot(from, found, ca.certificate_pem(), std::move(*password));
  if (!made) return std::unexpected(made.error());
  warn_outside_constraints(ca, settings.tls.ca_dir, **made);
  prepare_metrics(metrics, from, **made);
  warn_of_steps(**made);
  {
    const std::lock_guard held(lock);
    snapshot = *made;
  }
  if (!before || !tokens) return {};
  for (const auto generation : auth::retired(before->credentials, (*made)->credentials)) drop(generation);
  return {};
}

// Each file once, however many keys name it.
void server::state::note_rejected(const credentials& found, const std::filesystem::path& secret_file) {
  rejected.clear();
  for (const auto& one : found.rejected) {
    if (std::ranges::find(rejected, one.file, &rejection::file) == rejected.end()) rejected.push_back(one);
  }
  if (const auto& why = client_secret.rejected(); !why.empty()) {
    rejected.push_back({secret_file, why, true});
  }
  credential_files = found.read;
  if (!secret_file.empty()) credential_files.push_back(secret_file);
  if (report) report->rejected(rejected, credential_files);
}

// The configuration's own check knows the listeners that it names, not those that are open (T33).
result<std::shared_ptr<const secret>> server::state::client_password(const config::settings& from) {
  const auto outside = [](const listen_point& one) { return !one.at.address().is_loopback(); };
  const auto exposed = std::ranges::find_if(listen_points, outside);
  if (from.client_auth.secret_file.empty() && exposed != listen_points.end()) {
    return fail(errc::bad_input, "client_auth.secret_file cannot be taken away while " + net::shown(exposed->at) +
                                     " is listened on: restart regpass");
  }
  return client_secret.load(from.client_auth);
}

// A credential is no longer in force: its tokens go, too.
void server::state::drop(std::uint64_t generation) {
  async::spawn(workers.front()->thread.get_executor(), tokens->drop(generation), "dropping tokens");
}

void server::state::make_workers() {
  const auto count = workers_for(settings);
  for (std::size_t i = 0; i < count; ++i) {
    auto made = std::make_unique<worker_state>();
    made->pool = std::make_unique<transport::pool>(made->thread.get_executor(), settings.limits);
    workers.push_back(std::move(made));
  }
  const auto names = net::resolver_of(workers.front()->thread.get_executor());
  for (const auto& one : workers) net::set_resolver(one->thread.get_executor(), names);
}

result<void> server::state::listen() {
  auto wanted = listeners_for(settings);
  if (!wanted) return std::unexpected(wanted.error());
  for (auto& one : *wanted) {
    const auto opened = open(one);
    if (!opened && one.needed) return std::unexpected(opened.error());
    if (opened) listen_points.push_back(one);
    if (!opened) log::write(log::level::info, "listening", "left out: " + opened.error().detail);
  }
  return {};
}

// On every lane. The first one gets the port, when it is a free one that is wanted, and the others share it.
result<void> server::state::open(listen_point& one) {
  // Lanes that share an address would share it with another regpass of this user, and each got half of the clients.
  if (workers.size() > 1) {
    const auto alone = net::listener::open(workers.front()->thread.get_executor(), one.at, false);
    if (!alone) return std::unexpected(alone.error());
  }
  std::vector<std::unique_ptr<net::listener>> made;
  for (const auto& each : workers) {
    auto opened = net::listener::open(each->thread.get_executor(), one.at, workers.size() > 1);
    if (!opened) return std::unexpected(opened.error());
    one.at = (*opened)->local();
    made.push_back(std::move(*opened));
  }
  for (std::size_t i = 0; i < workers.size(); ++i) workers[i]->listeners.push_back(std::move(made[i]));
  return {};
}

void server::state::serve(worker_state& mine) {
  const forward::worker_context around{mine.thread.get_executor(), *services, *mine.pool, mine.pool->bounds()};
  for (std::size_t i = 0; i < listen_points.size(); ++i) {
    mine.listeners[i]->start(accept_handler(listen_points[i], around, listen_points), most_connections,
                             [this] { return services->load.sessions.load(); });
  }
  mine.thread.start();
}

// The configuration and all files that it names; a reload may name others.
void server::state::watch_files(const config::settings& from) {
  auto paths = loader.places();
  if (!config_file.empty()) paths.emplace_back(config_file);
  for (const auto& one : {from.client_auth.secret_file, from.tls.certs_dir}) {
    if (!one.empty()) paths.push_back(one);
  }
  for (const auto& one : from.registries) {
    for (const auto& file : {one.trust.ca_file, one.trust.client_cert_file, one.trust.client_key_file}) {
      if (!file.empty()) paths.emplace_back(file);
    }
  }
  if (watch && paths == watched) return;
  watched = paths;
  watch = std::make_unique<platform::file_watch>(control, std::move(paths), [this] { reload(); });
}

// The admin socket wants a state_dir that can be written to; one that is only there by default may do without.
result<void> server::state::open_side_listeners(bool admin_wanted) {
  std::vector<async::executor> executors;
  executors.reserve(workers.size());
  for (const auto& each : workers) executors.push_back(each->thread.get_executor());
  report = std::make_unique<self_report>(*services, ca, std::move(executors), config_file);
  report->observe(metrics);
  report->rejected(rejected, credential_files);
  for (const auto& one : listen_points) report->listening(std::string(name_of(one.what)) + " " + net::shown(one.at));
  sides = std::make_unique<side_listeners>(control, settings.limits);
  const auto& listen = settings.listen;
  if (!listen.health.empty()) {
    auto health = admin::health_routes([this] { return report->alive(); }, [this] { return report->ready(); }, metrics);
    auto opened = sides->open("health", listen.health, std::move(health));
    if (!opened) return opened;
  }
  if (const auto socket = admin_socket(settings); !socket.empty()) {
    auto routes = admin::control_routes({[this] { return report->status(); }, [this] { reload(); }, &journal});
    auto opened = sides->open("admin", socket, std::move(routes));
    if (!opened && admin_wanted) return opened;
    if (!opened) log::write(log::level::warn, "listening", "no admin socket: " + opened.error().detail);
  }
  if (!listen.page.empty()) {
    auto opened = open_page(*sides, listen.page, *services);
    if (!opened) return std::unexpected(opened.error());
    page_url = std::move(*opened);
  }
  for (const auto& one : sides->shown()) report->listening(one);
  return {};
}

void server::state::stop() {
  sides.reset();
  watch.reset();
  for (auto& one : workers) one->thread.stop();
}

server::server(std::unique_ptr<state> s) : state_(std::move(s)) {}
server::~server() {
  state_->stop();
}

result<std::unique_ptr<server>> server::start(const async::executor& control, config::loaded from,
                                              const config::inputs& again) {
  if (auto logged = begin_key_log(from.settings); !logged) return std::unexpected(logged.error());
  begin_fast_aes(from.settings);
  // The CA's constraints need the registries' names, and those need the credentials.
  credential_loader first(sources_from(from.settings, again.environment), from.settings.process.credential_file);
  auto preview = make_snapshot(from.settings, first.load(), {});
  if (!preview) return std::unexpected(preview.error());
  const auto names = forward::intercepted_names(**preview);
  auto ca = tls::authority::open(tls::ca_options{.dir = from.settings.tls.ca_dir, .names = names}, now().wall);
  if (!ca) return std::unexpected(ca.error());
  if (auto published = tls::publish(*ca, from.settings.tls.publish_dir); !published)
    return std::unexpected(published.error());
  log_ca(*ca, from.settings.tls);
  log_way_out(from);
  const bool admin_wanted = from.origins["listen.admin"] != "default";
  auto made = std::make_unique<state>(control, std::move(from), again, std::move(*ca));
  if (auto adopted = made->adopt(made->settings); !adopted) return std::unexpected(adopted.error());
  made->make_workers();
  if (auto listening = made->listen(); !listening) return std::unexpected(listening.error());
  auto* raw = made.get();
  made->tokens = std::make_unique<forward::token_client>(made->workers.front()->thread.get_executor(),
                                                         made->settings.limits, made->settings.tokens, made->metrics);
  made->programs = std::make_unique<forward::credential_client>(
      made->workers.front()->thread.get_executor(), made->settings.programs, made->inputs.environment,
      [raw](std::uint64_t generation) { raw->drop(generation); });
  made->services = std::make_unique<forward::services>(
      *made->tokens, made->memory, made->journal, made->metrics, &made->leaves, [raw] { return raw->current(); },
      made->settings.process.tunnel_idle);
  made->services->programs = made->programs.get();
  made->services->refusals.set_limit(made->settings.process.refusals_told);
  auto whole = std::unique_ptr<server>(new server(std::move(made)));
  const auto connections = connection_limit_for(raw->settings.process.connections);
  raw->most_connections = connections.count;
  log::write(log::level::info, "limits",
             "at most " + std::to_string(connections.count) + " client connections at a time, by " + connections.reason,
             {{"connections", connections.count}});
  for (auto& one : raw->workers) raw->serve(*one);
  raw->watch_files(raw->settings);
  for (const auto& one : raw->listen_points) {
    const std::string name(name_of(one.what));
    log::write(log::level::info, "listening", "the " + name + " listener is open",
               {{"listener", name}, {"address", net::shown(one.at)}});
  }
  if (auto opened = raw->open_side_listeners(admin_wanted); !opened) {
    return std::unexpected(opened.error());
  }
  return whole;
}

boost::asio::ip::tcp::endpoint server::proxy_endpoint() const {
  const auto it = std::ranges::find(state_->listen_points, listen_point::kind::proxy, &listen_point::what);
  return it == state_->listen_points.end() ? boost::asio::ip::tcp::endpoint() : it->at;
}
std::filesystem::path server::publish_dir() const {
  return state_->settings.tls.publish_dir;
}
const std::string& server::page_url() const {
  return state_->page_url;
}
std::vector<forward::exchange_record> server::history() const {
  return state_->journal.all();
}
std::vector<std::string> server::passed_hosts() const {
  return state_->services->stores.tunnelled_hosts.all();
}
std::vector<std::string> server::entries() const {
  return served_registries(*state_->current());
}
std::size_t server::busy() const {
  return state_->services->load.busy.load();
}
async::task<bool> server::alive() const {
  return state_->report->alive();
}
std::string server::summary() const {
  return state_->report->summary();
}
void server::draining() {
  state_->report->draining();
}
void server::stop() {
  state_->stop();
}

// Credential files are followed even while the configuration is rejected: a rotation must not wait for its repair.
void server::state::reload() {
  auto fresh = config::load(inputs);
  std::string problem;
  for (const auto& one : fresh.problems) {
    if (problem.empty()) problem = one.what;
    log::write(log::level::error, "config-rejected", one.what, {{"fix", one.fix}});
  }
  if (const auto lost = problem.empty() ? lost_fence(in_force, fresh) : std::nullopt) {
    problem = lost->what;
    log::write(log::level::error, "config-rejected", lost->what, {{"fix", lost->fix}});
  }
  const auto adopted = adopt(problem.empty() ? fresh.settings : in_force.settings);
  if (!adopted && problem.empty()) {
    problem = adopted.error().detail;
    log::write(log::level::error, "config-rejected", problem);
  }
  if (problem.empty()) {
    const auto but = rejected.empty() ? "" : "; rejected: " + std::to_string(rejected.size()) + " credential files";
    log::write(log::level::info, "config-reloaded", "configuration and credentials were read again" + but);
    watch_files(fresh.settings);
    in_force = std::move(fresh);
  }
  metrics.reloaded(problem.empty() && rejected.empty());
  if (report) report->reloaded(std::move(problem));
}

void server::reload() {
  state_->reload();
}

}  // namespace regpass::daemon
