#include "forward/session/interception.hpp"

#include "regpass/base/log.hpp"
#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/forward/report.hpp"
#include "regpass/net/tls_stream.hpp"

namespace regpass::forward {

namespace {

// HTTP/2 is chosen when the client offers it. Uploads lose nothing by that: BuildKit, the one client whose uploads
// would be slower, does not offer it.
bool offers_http2(const connection& client, const target& to) {
  const auto snapshot = client.context.shared.current();
  const auto* entry = snapshot->find(to.registry);
  return entry != nullptr && entry->options.http2 != http2_use::off;
}

// Why a registry that could be observed is tunnelled; empty if it is intercepted.
std::string reason_to_bypass(const connection& client, const target& to, const decision& decided,
                             const result<tls::context>& leaf) {
  if (!is_only_observed(decided.registry)) return {};
  if (!leaf) return "not observed: " + leaf.error().detail;
  const auto& agent = client.interception.user_agent;
  if (!client.context.shared.stores.distrusting_clients.contains({to.origin.host, agent})) return {};
  return "not observed: " + (agent.empty() ? "a client" : agent) + " did not accept regpass's certificate for it";
}

}  // namespace

bool is_only_observed(const registry_entry* entry) noexcept {
  return entry != nullptr && entry->options.injection == auth::injection::observe;
}

std::expected<tls::context, not_intercepted> leaf_for(const connection& client, const target& to,
                                                      const decision& decided) {
  auto leaf = client.context.shared.leaves->get(to.origin.host, now());
  auto bypass = reason_to_bypass(client, to, decided, leaf);
  if (bypass.empty() && leaf) return std::move(*leaf);
  const std::string remedy =
      "remove the CA's directory (tls.ca_dir) and restart regpass and its clients: the new CA covers all registries "
      "known then";
  return std::unexpected(
      not_intercepted{std::move(bypass), diagnosis::policy_step{leaf ? std::string() : leaf.error().detail, remedy}});
}

void expect_tls(connection& client, tls::context context, target to) {
  client.interception.expected =
      std::make_unique<intercepted_tls::expected_handshake>(std::move(context), std::move(to));
}

async::task<void> accept_tls(connection& client, result<void> client_spoke) {
  const auto expected = std::move(client.interception.expected);
  auto& to = expected->to;
  auto& timer = client.timer;
  if (!client_spoke) {
    timer.clear();
    report_rejected_tls(client, to, timer.blame(client_spoke.error()));
    co_return;
  }
  // The clock may have been set while the client was silent.
  if (auto fresh = client.context.shared.leaves->get(to.origin.host, now())) expected->context = std::move(*fresh);
  tls::engine_options options;
  options.role = tls::role::server;
  options.name = to.origin.host;
  options.peer = party::client;
  options.http2 = offers_http2(client, to);
  auto secured = std::make_unique<net::tls_stream>(std::move(client.stream), expected->context, std::move(options));
  auto* wire = secured.get();
  client.stream = std::move(secured);
  auto done = co_await wire->handshake();
  timer.clear();
  if (!done) {
    report_rejected_tls(client, to, timer.blame(done.error()));
    co_return;
  }
  client.interception.http2 = wire->engine().alpn() == "h2";
  client.traits.tls = true;
  client.traits.offered_http2 = wire->engine().offered_http2();
  client.interception.established = std::make_unique<const target>(std::move(to));
}

// Go opens spare connections and abandons them during the handshake: only a refusal of our certificate is worth a
// warning. In TLS 1.3 the client verifies the certificate after our side of the handshake is done, so its alert is the
// first thing we read.
void report_rejected_tls(connection& client, const target& to, error problem) {
  problem.who = party::client;
  problem.when = phase::tls;
  auto& shared = client.context.shared;
  const auto snapshot = shared.current();
  if (problem.code == errc::distrusted && is_only_observed(snapshot->find(to.registry))) {
    shared.stores.distrusting_clients.add({to.origin.host, client.interception.user_agent});
  }
  const bool ordinary = problem.code == errc::closed || problem.code == errc::reset || problem.code == errc::truncated;
  auto evidence = client.evidence_for(http::request_head(), &to);
  if (to.came_by == target::way::connect) evidence.method = "CONNECT";
  diagnosis::add(evidence, 0, diagnosis::failed_step{problem});
  const auto explained = ordinary ? std::nullopt : diagnosis::diagnose(evidence);
  boost::json::object fields{
      {"id", evidence.id}, {"client", client.peer}, {"registry", evidence.registry}, {"problem", to_text(problem)}};
  if (explained) add_explained(fields, evidence, *explained);
  const bool reported =
      ordinary || should_report(client.context, client.peer, explained ? explained->cause : "client-rejected");
  if (reported) {
    log::write(ordinary ? log::level::debug : log::level::warn, "client-rejected",
               explained ? explained->summary : "the client's TLS handshake did not finish", fields);
  }
  if (!explained) return;
  exchange_record record{std::move(evidence), explained};
  shared.metrics.exchange(record, true);
  if (reported) shared.history.add(std::move(record));
}

}  // namespace regpass::forward
