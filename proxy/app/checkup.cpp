#include "checkup.hpp"

#include "regpass/app/local_exchange.hpp"
#include "regpass/app/snapshot.hpp"
#include "regpass/forward/forwarder.hpp"
#include "regpass/net/worker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

namespace regpass::app {

namespace {

// A checkup at work: one worker, the same engine as `serve`, a client of our own.
class examination {
 public:
  examination(const config::settings& settings, const config::inputs& inputs, forward::snapshot_ptr from,
              registry::reference what)
      : from_(std::move(from)),
        what_(std::move(what)),
        pool_(thread_.get_executor(), settings.limits),
        tokens_(thread_.get_executor(), settings.limits, settings.tokens, metrics_),
        programs_(thread_.get_executor(), settings.programs, inputs.environment, [](std::uint64_t) {}),
        journal_(settings.explain.history),
        services_(
            tokens_, memory_, journal_, metrics_, nullptr, [this] { return from_; }, settings.process.tunnel_idle) {
    services_.programs = &programs_;
    target_.registry = what_.host;
    entry_ = from_->find(what_.host);
    target_.origin.scheme = entry_->options.plain_http ? "http" : "https";
    target_.origin.host = registry::api_name(what_.host);
    target_.origin.port = what_.host.port;
  }

  checkup perform(bool push) {
    thread_.start();
    auto done = boost::asio::co_spawn(thread_.get_executor(), walk(push), boost::asio::use_future);
    done.get();
    thread_.stop();
    return std::move(result_);
  }

 private:
  net::task<void> walk(bool push) {
    co_await choose(registry::action::pull);
    if (push) co_await choose(registry::action::push);
    const bool reached = co_await connect();
    if (!reached) {
      co_await request("GET", "/v2/");  // explains what connect could not do
      result_.works = false;
      co_return;
    }
    co_await request("GET", "/v2/");
    const auto base = "/v2/" + what_.repository;
    const auto ping = result_.steps.size() - 1;
    co_await request("HEAD", base + "/manifests/" + what_.digest.value_or(what_.tag.value_or("latest")));
    if (result_.exchanges.back().moved.passed_over) tell_passed_over(ping);
    if (push && result_.works) co_await try_upload(base);
  }

  void tell(std::string name, std::string text, bool fine = true) {
    result_.steps.push_back(checkup_step{std::move(name), std::move(text), fine});
    result_.works = result_.works && fine;
  }

  // What a push uses is told when it differs.
  net::task<void> choose(registry::action action) {
    const auto need = auth::wanted{what_.host, what_.repository, action};
    auto chosen = co_await forward::choose_credential(&programs_, from_->credentials, need);
    const bool told = action == registry::action::push && chosen.credential == for_pull_;
    if (action == registry::action::pull) for_pull_ = chosen.credential;
    if (told) co_return;
    tell_credential(chosen, action == registry::action::push ? "credential for the push" : "credential");
  }

  void tell_credential(const auth::choice& chosen, const std::string& name) {
    if (chosen.credential) {
      const auto& one = *chosen.credential;
      const auto who = one.username.empty() ? std::string(auth::name_of(one.kind)) : "user " + one.username;
      tell(name, who + " from " + one.source + ", key " + one.key);
    } else {
      tell(name, "none for " + registry::to_text(what_.host) + ": anonymous");
    }
    for (const auto& other : chosen.others) tell("  not used", other.key + " in " + other.source + ": " + other.why);
  }

  // Clients get past the ping as well, and then the image is public.
  void tell_passed_over(std::size_t ping) {
    const bool fine = result_.steps.back().fine;
    result_.steps[ping].fine = result_.works = fine;
    if (fine) tell("credential", "is refused; the image is public and was pulled without it: renew it or take it out");
  }

  net::task<bool> connect() {
    auto route = forward::registry_route(*entry_, target_.origin, party::registry, from_->way_out);
    auto opened = co_await pool_.get(route, true);
    if (!opened) {
      tell("connection", to_text(opened.error()), false);
      co_return false;
    }
    auto& wire = **opened;
    tell("DNS", what_.host.name + " is " + wire.address + " (" + std::to_string(wire.resolved_in.count()) + " ms)");
    tell("TCP", "connected in " + std::to_string(wire.connected_in.count()) + " ms");
    if (!wire.tls_version.empty())
      tell("TLS", wire.tls_version + ", certificate trusted (" + std::to_string(wire.secured_in.count()) + " ms)");
    co_return true;
  }

  // Sends one request through the engine; a 404 for an image that is not there yet is no refusal.
  net::task<http::response_head> request(std::string method, std::string path) {
    http::request_head head;
    head.method = method;
    head.target = path;
    head.headers.add("Host", http::authority(target_.origin));
    head.headers.add("User-Agent", "regpass");
    head.headers.add("Accept",
                     "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
                     "application/vnd.docker.distribution.manifest.list.v2+json, "
                     "application/vnd.docker.distribution.manifest.v2+json");
    local_exchange client(std::move(head));
    forward::forward_request asked;
    asked.target = target_;
    asked.registry = entry_;
    asked.snapshot = from_;
    asked.client = "regpass check";
    asked.mode = "check";
    const forward::surroundings around{thread_.get_executor(), services_, pool_, pool_.bounds()};
    auto outcome = co_await forward::forward_exchange(around, std::move(asked), client);
    const int status = client.response().status;
    const bool fine = !outcome.explanation && (status < 400 || status == 404);
    tell(method, path + ": " + std::to_string(status), fine);
    result_.exchanges.push_back(std::move(outcome));
    co_return client.response();
  }

  net::task<void> try_upload(std::string base) {
    auto opened = co_await request("POST", base + "/blobs/uploads/");
    const auto location = opened.headers.get("Location");
    if (opened.status != 202 || !location) co_return;
    const auto where = http::resolve(http::absolute_url{target_.origin, base + "/blobs/uploads/"}, *location);
    if (!where || where->origin != target_.origin) co_return;
    // Cancelling is a courtesy: registries that refuse it let the upload expire.
    const bool worked = result_.works;
    co_await request("DELETE", where->target);
    result_.works = worked;
    result_.exchanges.pop_back();
    result_.steps.back().fine = true;
  }

  forward::snapshot_ptr from_;
  registry::reference what_;
  net::worker thread_;
  exchange::pool pool_;
  forward::metrics metrics_;
  forward::token_client tokens_;
  forward::memory memory_;
  forward::credential_client programs_;
  forward::journal journal_;
  forward::services services_;
  forward::target target_;
  const forward::registry_entry* entry_ = nullptr;
  auth::credential_ptr for_pull_;
  checkup result_;
};

}  // namespace

result<checkup> check_up(const config::loaded& loaded, const config::inputs& inputs, const registry::reference& what,
                         bool push) {
  auto settings = loaded.settings;
  credential_loader loader(sources_from(settings, inputs.environment), settings.process.credential_file);
  const auto found = loader.load();
  // A host that nothing is known of is still asked: a public image needs no credential.
  auto known = make_snapshot(settings, found, {});
  if (!known) return std::unexpected(known.error());
  if (!(*known)->find(what.host)) {
    auto options = settings.registry_defaults;
    options.host = what.host;
    settings.registries.push_back(std::move(options));
    known = make_snapshot(settings, found, {});
    if (!known) return std::unexpected(known.error());
  }
  examination now(settings, inputs, *known, what);
  auto done = now.perform(push);
  checkup_step first{"configuration", loaded.file.empty() ? "no file; defaults" : loaded.file.string(), true};
  done.steps.insert(done.steps.begin(), std::move(first));
  return done;
}

}  // namespace regpass::app
