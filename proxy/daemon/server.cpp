#include "daemon/server.hpp"

#include "admin/control.hpp"
#include "admin/health.hpp"
#include "daemon/configuration/active_configuration.hpp"
#include "daemon/configuration/snapshot.hpp"
#include "daemon/page_listener.hpp"
#include "daemon/prepared_metrics.hpp"
#include "daemon/report/ca_report.hpp"
#include "daemon/report/upstream_proxy_report.hpp"
#include "daemon/side_listeners.hpp"
#include "daemon/startup/connection_limit.hpp"
#include "daemon/startup/tls_options.hpp"
#include "daemon/status_report.hpp"
#include "daemon/worker_pool.hpp"
#include "forward/services/services.hpp"
#include "platform/file_watch.hpp"
#include "regpass/base/log.hpp"
#include "regpass/net/endpoint.hpp"

#include <algorithm>
#include <utility>

namespace regpass::daemon {

namespace {

// What exchanges share and keep. Destroyed after the workers.
struct shared_stores {
  shared_stores(const config::settings& settings, const tls::authority& ca)
      : history(settings.explain.history), leaves(ca, settings.process.leaf_certificates) {}

  forward::registry_hints hints;
  forward::history history;
  tls::leaf_cache leaves;
};

// The services of all workers. What they share runs on the first worker.
class shared_services {
 public:
  shared_services(const config::settings& settings, const config::inputs& inputs, const worker_pool& workers,
                  shared_stores& stores, active_configuration& configuration, forward::metrics& metrics)
      : executor_(workers.first()),
        tokens_(executor_, settings.limits, settings.tokens, metrics),
        programs_(executor_, settings.programs, inputs.environment,
                  [this](std::uint64_t generation) { drop_tokens(generation); }),
        services_(
            tokens_, stores.hints, stores.history, metrics, &stores.leaves,
            [&configuration] { return configuration.snapshot(); }, settings.process.tunnel_idle) {
    services_.programs = &programs_;
    services_.refusals.set_limit(settings.process.refusals_per_second);
  }

  forward::services& get() noexcept { return services_; }

  // For a credential that is no longer in force.
  void drop_tokens(std::uint64_t generation) { async::spawn(executor_, tokens_.drop(generation), "dropping tokens"); }

 private:
  async::executor executor_;
  forward::token_client tokens_;
  forward::credential_client programs_;
  forward::services services_;
};

// Opens the CA and publishes its certificate. Its name constraints need the names of the registries, and those need the
// credentials.
result<tls::authority> prepare_ca(const config::loaded& loaded, const config::inputs& inputs) {
  const auto& settings = loaded.settings;
  credential_loader loader(sources_from(settings, inputs.environment), settings.process.credential_file);
  const auto preview = make_snapshot(settings, loader.load(), {});
  if (!preview) return std::unexpected(preview.error());
  const auto names = forward::intercepted_names(**preview);
  auto ca = tls::authority::open(tls::ca_options{.dir = settings.tls.ca_dir, .names = names}, now().wall);
  if (!ca) return ca;
  if (auto published = tls::publish(*ca, settings.tls.publish_dir); !published)
    return std::unexpected(published.error());
  log_ca(*ca, settings.tls);
  return ca;
}

struct watched_files {
  std::vector<std::filesystem::path> paths;
  std::unique_ptr<platform::file_watch> watch;
};

std::size_t most_connections(const config::settings& settings) {
  const auto limit = connection_limit_for(settings.process.connections);
  log::write(log::level::info, "limits",
             "at most " + std::to_string(limit.count) + " client connections at a time, by " + limit.reason,
             {{"connections", limit.count}});
  return limit.count;
}

void log_listeners(const std::vector<listen_point>& points) {
  for (const auto& point : points) {
    const std::string name(point.mode->name());
    log::write(log::level::info, "listening", "the " + name + " listener is open",
               {{"listener", name}, {"address", net::shown(point.at)}});
  }
}

}  // namespace

struct server::state {
  state(async::executor on, const config::loaded& loaded, const config::inputs& inputs, tls::authority authority)
      : control(std::move(on)),
        settings(loaded.settings),
        ca(std::move(authority)),
        configuration(loaded, inputs, ca, metrics),
        stores(settings, ca),
        workers(settings) {}

  result<void> start(const config::loaded& loaded, const config::inputs& inputs);
  void open_report(std::string config_file);
  result<void> open_side_listeners(bool admin_required);
  result<void> open_admin(bool required);
  void watch_files();
  void reload();
  void stop();

  async::executor control;
  config::settings settings;  // as regpass was started with
  tls::authority ca;
  forward::metrics metrics;
  active_configuration configuration;
  shared_stores stores;
  worker_pool workers;
  std::unique_ptr<shared_services> services;
  watched_files watched;
  std::unique_ptr<self_report> report;
  std::unique_ptr<side_listeners> sides;
  std::string page_url;
};

result<void> server::state::start(const config::loaded& loaded, const config::inputs& inputs) {
  if (auto adopted = configuration.adopt(settings); !adopted) return adopted;
  if (auto listening = workers.listen(settings); !listening) return listening;
  configuration.protect(workers.listen_points());
  services = std::make_unique<shared_services>(settings, inputs, workers, stores, configuration, metrics);
  configuration.when_retired([this](std::uint64_t generation) { services->drop_tokens(generation); });
  workers.serve(services->get(), most_connections(settings));
  watch_files();
  log_listeners(workers.listen_points());
  open_report(loaded.file.string());
  const auto admin = loaded.origins.find("listen.admin");
  return open_side_listeners(admin == loaded.origins.end() || admin->second != "default");
}

void server::state::open_report(std::string config_file) {
  report = std::make_unique<self_report>(services->get(), ca, workers.executors(), std::move(config_file));
  report->observe(metrics);
  report->rejected(configuration.secrets().rejected(), configuration.secrets().in_force());
  for (const auto& point : workers.listen_points())
    report->listening(std::string(point.mode->name()) + " " + net::shown(point.at));
}

result<void> server::state::open_side_listeners(bool admin_required) {
  sides = std::make_unique<side_listeners>(control, settings.limits);
  const auto& listen = settings.listen;
  if (!listen.health.empty()) {
    auto health = admin::health_routes([this] { return report->alive(); }, [this] { return report->ready(); }, metrics);
    auto opened = sides->open("health", listen.health, std::move(health));
    if (!opened) return opened;
  }
  if (auto opened = open_admin(admin_required); !opened) return opened;
  if (!listen.page.empty()) {
    auto opened = open_page(*sides, listen.page, services->get());
    if (!opened) return std::unexpected(opened.error());
    page_url = std::move(*opened);
  }
  for (const auto& listener : sides->shown()) report->listening(listener);
  return {};
}

// The admin socket needs a writable state_dir; if it is only on by default, regpass starts without it.
result<void> server::state::open_admin(bool required) {
  const auto socket = admin_socket(settings);
  if (socket.empty()) return {};
  auto routes = admin::control_routes({[this] { return report->status(); }, [this] { reload(); }, &stores.history});
  auto opened = sides->open("admin", socket, std::move(routes));
  if (opened || required) return opened;
  log::write(log::level::warn, "listening", "no admin socket: " + opened.error().detail);
  return {};
}

// A reload may name other files.
void server::state::watch_files() {
  auto paths = configuration.watched_files();
  if (watched.watch && paths == watched.paths) return;
  watched.paths = paths;
  watched.watch = std::make_unique<platform::file_watch>(control, std::move(paths), [this] { reload(); });
}

void server::state::reload() {
  auto problem = configuration.reload();
  if (problem.empty()) watch_files();
  if (!report) return;
  report->rejected(configuration.secrets().rejected(), configuration.secrets().in_force());
  report->reloaded(std::move(problem));
}

void server::state::stop() {
  sides.reset();
  watched.watch.reset();
  workers.stop();
}

server::server(std::unique_ptr<state> s) : state_(std::move(s)) {}
server::~server() {
  state_->stop();
}

result<std::unique_ptr<server>> server::start(const async::executor& control, config::loaded from,
                                              const config::inputs& inputs) {
  if (auto started = start_key_log(from.settings); !started) return std::unexpected(started.error());
  start_fast_aes(from.settings);
  auto ca = prepare_ca(from, inputs);
  if (!ca) return std::unexpected(ca.error());
  log_upstream_proxy(from);
  auto whole = std::unique_ptr<server>(new server(std::make_unique<state>(control, from, inputs, std::move(*ca))));
  if (auto started = whole->state_->start(from, inputs); !started) return std::unexpected(started.error());
  return whole;
}

boost::asio::ip::tcp::endpoint server::proxy_endpoint() const {
  const auto& points = state_->workers.listen_points();
  const auto is_proxy = [](const listen_point& point) {
    return point.mode->kind() == options::mode_kind::explicit_proxy;
  };
  const auto it = std::ranges::find_if(points, is_proxy);
  return it == points.end() ? boost::asio::ip::tcp::endpoint() : it->at;
}
std::filesystem::path server::publish_dir() const {
  return state_->settings.tls.publish_dir;
}
const std::string& server::page_url() const {
  return state_->page_url;
}
std::vector<forward::exchange_record> server::history() const {
  return state_->stores.history.all();
}
std::vector<std::string> server::passed_hosts() const {
  return state_->services->get().stores.tunnelled_hosts.all();
}
std::vector<std::string> server::entries() const {
  return served_registries(*state_->configuration.snapshot());
}
void server::reload() {
  state_->reload();
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
std::size_t server::busy() const {
  return state_->services->get().load.busy.load();
}
void server::stop() {
  state_->stop();
}

}  // namespace regpass::daemon
