#include "cli/check/check_run.hpp"

#include "cli/check/check_text.hpp"

namespace regpass::cli {

namespace {

constexpr std::string_view manifest_types =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

std::string purpose_of(registry::action action) {
  if (action == registry::action::push) return "for the push: ";
  return action == registry::action::remove ? "for the deletion: " : "";
}

}  // namespace

check_run::check_run(const config::settings& settings, const config::inputs& inputs, forward::snapshot_ptr from,
                     check_request asked)
    : from_(std::move(from)),
      asked_(std::move(asked)),
      pool_(thread_.get_executor(), settings.limits),
      tokens_(thread_.get_executor(), settings.limits, settings.tokens, metrics_),
      programs_(thread_.get_executor(), settings.programs, inputs.environment, [](std::uint64_t) {}),
      journal_(settings.explain.history),
      services_(tokens_, memory_, journal_, metrics_, nullptr, [this] { return from_; }, settings.process.tunnel_idle) {
  services_.programs = &programs_;
  const auto& host = asked_.what.host;
  target_.registry = host;
  entry_ = from_->find(host);
  target_.origin.scheme = entry_->options.plain_http ? "http" : "https";
  target_.origin.host = registry::api_name(host);
  target_.origin.port = host.port;
}

checkup check_run::perform() {
  thread_.start();
  auto done = async::start(thread_.get_executor(), walk());
  done.get();
  thread_.stop();
  return std::move(result_);
}

async::task<void> check_run::walk() {
  const bool whole_registry = asked_.what.repository.empty();
  const auto first = whole_registry ? registry::action::ping : registry::action::pull;
  co_await choose(first);
  if (asked_.push || asked_.mount_from) co_await choose(registry::action::push);
  if (asked_.remove) co_await choose(registry::action::remove);
  const bool reached = co_await connect();
  co_await request("GET", "/v2/");  // explains what connect could not do
  if (!reached) {
    result_.works = false;
    co_return;
  }
  if (whole_registry) co_return;
  const auto ping = request_step_;
  const auto wanted = asked_.what.digest.value_or(asked_.what.tag.value_or("latest"));
  co_await request("HEAD", path_of("/manifests/" + wanted));
  if (result_.exchanges.back().moved.passed_over) tell_passed_over(ping);
  if (!result_.works) co_return;
  if (asked_.push) co_await try_upload();
  if (asked_.mount_from) co_await try_mount();
  if (asked_.remove) co_await try_deletion();
}

void check_run::tell(std::string name, std::string text, bool fine, std::int64_t ms) {
  result_.steps.push_back(check_step{std::move(name), std::move(text), fine, ms});
  result_.works = result_.works && fine;
}

// What another action than a pull uses is told when it differs.
async::task<void> check_run::choose(registry::action action) {
  const auto need = auth::wanted{asked_.what.host, asked_.what.repository, action};
  auto chosen = co_await forward::choose_credential(&programs_, from_->credentials, need);
  const bool for_pull = action == registry::action::pull || action == registry::action::ping;
  const bool told = !for_pull && chosen.credential == for_pull_;
  if (for_pull) for_pull_ = chosen.credential;
  if (!told) tell_credential(chosen, action);
}

void check_run::tell_credential(const auth::choice& chosen, registry::action action) {
  const auto purpose = purpose_of(action);
  if (chosen.credential) {
    const auto& one = *chosen.credential;
    const auto who = one.username.empty() ? std::string(auth::name_of(one.kind)) : "user " + one.username;
    tell("credential", purpose + who + " from " + one.source + ", key " + one.key);
  } else {
    tell("credential", purpose + "none for " + registry::to_text(asked_.what.host) + ": anonymous");
  }
  for (const auto& other : chosen.others) tell("  not used", other.key + " in " + other.source + ": " + other.why);
}

// Clients get past the ping as well, and then the image is public.
void check_run::tell_passed_over(std::size_t ping) {
  const bool fine = result_.steps[request_step_].fine;
  result_.steps[ping].fine = result_.works = fine;
  if (fine) tell("credential", "is refused; the image is public and was pulled without it: renew it or take it out");
}

async::task<bool> check_run::connect() {
  auto route = forward::registry_route(*entry_, target_.origin, party::registry, from_->upstream_proxy);
  auto opened = co_await pool_.get(route, true);
  if (!opened) {
    tell("connection", to_text(opened.error()), false);
    co_return false;
  }
  auto& wire = **opened;
  tell("DNS", asked_.what.host.name + " is " + wire.address, true, wire.resolved_in.count());
  tell("TCP", "connected", true, wire.connected_in.count());
  if (!wire.tls_version.empty()) tell("TLS", wire.tls_version + ", certificate trusted", true, wire.secured_in.count());
  co_return true;
}

async::task<check_run::answered> check_run::request(std::string method, std::string path, std::size_t keep) {
  http::request_head head;
  head.method = method;
  head.target = path;
  head.headers.add("Host", http::authority(target_.origin));
  head.headers.add("User-Agent", "regpass");
  head.headers.add("Accept", manifest_types);
  local_exchange client(std::move(head), keep);
  forward::exchange_request asked;
  asked.target = target_;
  asked.registry = entry_;
  asked.snapshot = from_;
  asked.client = "regpass check";
  asked.mode = "check";
  const forward::worker_context around{thread_.get_executor(), services_, pool_, pool_.bounds()};
  const auto over = co_await forward::run_exchange(around, std::move(asked), client);
  const auto& outcome = *over;
  result_.exchanges.push_back(outcome);
  tell_answer(method, path);
  co_return answered{client.response(), client.content()};
}

void check_run::tell_answer(const std::string& method, const std::string& path) {
  const auto& outcome = result_.exchanges.back();
  const int status = outcome.evidence.status;
  const auto elsewhere = redirected_to(outcome.evidence);
  // Clients follow a redirect of a public pull; the rest of the API is meant to be where it was asked for.
  const bool public_pull = outcome.evidence.source.empty() && outcome.evidence.action == registry::action::pull;
  const bool usable = status != 0 && (status < 400 || status == 404) && (elsewhere.empty() || public_pull);
  const bool fine = !outcome.explanation && usable;
  const auto where = elsewhere.empty() ? std::string() : ", a redirect to " + elsewhere;
  const auto said = status == 0 ? std::string("no answer") : std::to_string(status) + where;
  works_before_ = result_.works;
  request_step_ = result_.steps.size();
  tell(method, path + ": " + said, fine, outcome.moved.duration_ms);
  for (auto& one : details_of(outcome.evidence, told_realm_)) result_.steps.push_back(std::move(one));
}

}  // namespace regpass::cli
