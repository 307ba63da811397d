#include "forward/exchange/exchange_runner.hpp"

#include "auth/observed.hpp"
#include "forward/exchange/admission.hpp"
#include "forward/exchange/answer_writer.hpp"
#include "forward/exchange/exchange_fsm.hpp"
#include "forward/exchange/response_notes.hpp"
#include "forward/exchange/upstream_call.hpp"
#include "forward/record/http_status.hpp"
#include "forward/record/id.hpp"
#include "forward/session/unused_entries.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/content_coding.hpp"
#include "regpass/net/endpoint.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace regpass::forward {

namespace {

// The longest Retry-After that a client gets, whatever the token server says.
constexpr std::chrono::seconds longest_wait{60};
// The error body of a registry is shorter. Should the GET succeed, the blob is not read.
constexpr std::size_t reason_cap = 4 * 1024;
constexpr std::size_t decoded_reason_cap = 64 * 1024;

using authorization = upstream_request::authorization;
using kind = upstream_request::kind;

const http::request_head& head_of(const exchange_request& request, const transport::downstream& down) {
  return request.head ? *request.head : down.head();
}

diagnosis::evidence describe(const exchange_request& request, const transport::downstream& down, std::string id) {
  diagnosis::evidence evidence;
  evidence.id = std::move(id);
  evidence.began_at = now().wall;
  evidence.mode = request.mode;
  evidence.client = request.client;
  const auto& target = request.target;
  evidence.registry = request.registry ? registry::to_text(target.registry) : http::authority(target.origin);
  const auto& asked = head_of(request, down);
  evidence.method = clean(asked.method, 32);
  evidence.path = masked_url(asked.target);
  note_entries(evidence, target, *request.snapshot);
  return evidence;
}

std::shared_ptr<const transport::route> route_of(const exchange_request& request) {
  const auto& by = request.snapshot->upstream_proxy;
  const auto& to = request.target.origin;
  if (request.registry) {
    const auto& usual = request.registry->route;
    if (usual && usual->origin == to) return usual;
    return std::make_shared<const transport::route>(registry_route(*request.registry, to, party::registry, by));
  }
  auto route = pass_route(to, rule_for(request.target, decision(), *request.snapshot), by);
  route.address = request.target.original;
  route.requested_by = std::make_shared<net::requester>(net::address_text(request.client));
  return std::make_shared<const transport::route>(std::move(route));
}

std::shared_ptr<const transport::route> blob_route_of(const exchange_request& request) {
  auto usual = route_of(request);
  if (usual->offer == transport::offer::http1) return usual;
  if (usual == request.registry->route && request.registry->blob_route) return request.registry->blob_route;
  return std::make_shared<const transport::route>(for_blobs(*usual));
}

std::optional<auth::requirement> requirement_in(const http::response_head& head) {
  auto challenges = auth::challenges_of(head.headers);
  if (!challenges) return std::nullopt;
  return auth::requirement_of(*challenges);
}

// The claims of the client's bearer token, where they can be read.
std::optional<auth::claims> client_claims(const http::request_head& asked) {
  constexpr std::string_view bearer = "Bearer ";
  const auto own = asked.headers.get("Authorization");
  if (!own || !iequals(own->substr(0, bearer.size()), bearer)) return std::nullopt;
  return auth::read_claims(trim(own->substr(bearer.size())));
}

http::request_head probe_head(const http::origin& to) {
  http::request_head head;
  head.method = "GET";
  head.target = "/v2/";
  head.headers.add("Host", http::authority(to));
  head.headers.add("User-Agent", "regpass");
  return head;
}

http::request_head as_get(http::request_head head) {
  head.method = "GET";
  return head;
}

bool is_repetition(const exchange_action& next) {
  const auto* request = std::get_if<upstream_request>(&next);
  return request != nullptr && request->repeated;
}

async::task<void> wait(async::executor on, std::chrono::milliseconds delay) {
  boost::asio::steady_timer timer(on, delay);
  co_await timer.async_wait(async::use_task);
}

class exchange_runner {
 public:
  exchange_runner(const worker_context& around, exchange_request request, transport::downstream& down);

  async::task<std::shared_ptr<const exchange_record>> run();

 private:
  const http::request_head& asked() const noexcept { return head_of(request_, down_); }
  bool pushes() const noexcept { return machine_->operation()->action == registry::action::push; }
  const auth::credential_ptr& credential() const noexcept { return admitted_.choice.credential; }

  async::task<void> ask_helpers();
  exchange_input machine_input();

  // The machine's actions. Each returns the next.
  async::task<exchange_action> look_up_hints(bool with_token);
  async::task<exchange_action> send(const upstream_request& request);
  async::task<exchange_action> obtain(const obtain_token& order);
  async::task<exchange_action> read_response_body();
  exchange_action judge(int status);
  exchange_action fail(failed_attempt failure);
  async::task<void> write(const exchange_action& last);

  // Returns the token to forget.
  auth::token_ptr store(const exchange_updates& updates);
  void authorize(const upstream_request& request);
  async::task<void> read_reason(const http::response_head& head);
  void note_final_response();
  void note_token_failure(const auth::token_failure& failure);
  void note_searched();
  token_query order_for(const obtain_token& order) const;
  async::task<std::shared_ptr<const exchange_record>> finish();

  // What the exchange has so far for its answer.
  struct result_so_far {
    http::response_head response;
    bool response_open = false;               // its body was not read yet
    std::optional<std::string> refusal_body;  // decoded
    diagnosis::refused_answer token_refusal;  // what an error takes over from the token server's
    std::optional<diagnosis::findings> findings;
    int sent_status = 0;  // if it differs from the evidence's
    bool newly_skipped = false;
    bool helpers_asked = false;
  };

  worker_context around_;
  exchange_request request_;
  transport::downstream& down_;
  recorder notes_;
  upstream_call call_;
  answer_writer writer_;
  admission admitted_;
  std::optional<auth::token_request> watched_request_;  // the client's, to a token server that is only observed
  std::optional<exchange_fsm> machine_;
  result_so_far so_far_;
};

exchange_runner::exchange_runner(const worker_context& around, exchange_request request, transport::downstream& down)
    : around_(around),
      request_(std::move(request)),
      down_(down),
      notes_(describe(request_, down, new_id())),
      call_(around, down, route_of(request_), notes_),
      writer_(request_, asked(), down, call_, notes_) {}

async::task<std::shared_ptr<const exchange_record>> exchange_runner::run() {
  notes_.secrets().add(request_.snapshot->upstream_proxy);
  notes_.secrets().add_client(asked().headers);
  admitted_ = admit(around_, request_, asked(), notes_);
  if (admitted_.refused_status == 0 && admitted_.choice.ask != nullptr) co_await ask_helpers();
  machine_.emplace(machine_input());
  auto next = machine_->start();
  for (;;) {
    if (const auto updates = machine_->take_updates()) {
      const auto token = store(*updates);
      if (token) co_await around_.shared.tokens.forget(token);
    }
    if (so_far_.response_open && !machine_->keeps_response()) {
      co_await call_.discard();
      so_far_.response_open = false;
    }
    if (const auto* request = std::get_if<upstream_request>(&next)) {
      next = co_await send(*request);
    } else if (const auto* lookup = std::get_if<look_up>(&next)) {
      next = co_await look_up_hints(lookup->with_token);
    } else if (const auto* order = std::get_if<obtain_token>(&next)) {
      next = co_await obtain(*order);
    } else if (std::holds_alternative<read_body>(next)) {
      next = co_await read_response_body();
    } else if (const auto* verdict = std::get_if<diagnose>(&next)) {
      next = judge(verdict->status);
    } else {
      const auto* relayed = std::get_if<relay>(&next);
      if (relayed != nullptr && !relayed->without_body) {
        auto begun = co_await call_.begin();
        if (!begun) {
          next = fail(failed_attempt{begun.error()});
          continue;
        }
      }
      co_await write(next);
      break;
    }
  }
  co_await call_.settle();
  auto record = co_await finish();
  co_return record;
}

async::task<void> exchange_runner::ask_helpers() {
  so_far_.helpers_asked = true;
  const auto wanted = wanted_for(request_, *admitted_.operation);
  admitted_.choice = co_await choose_credential(around_.shared.programs, request_.snapshot->credentials, wanted);
  note_choice(request_, admitted_.choice, asked(), notes_);
}

exchange_input exchange_runner::machine_input() {
  const bool has_body = down_.body().has_body();
  exchange_input input;
  input.operation = std::move(admitted_.operation);
  input.method = asked().method;
  input.user_agent = asked().headers.get("User-Agent").value_or("");
  input.has_authorization = asked().headers.count("Authorization") > 0;
  input.registry_served = request_.registry != nullptr;
  input.build_step = request_.may_be_step;
  input.renamed = request_.seen_as.has_value();
  input.annotate = request_.snapshot->annotate;
  input.refused_status = admitted_.refused_status;
  input.mount_refusal = std::move(admitted_.mount_refusal);
  input.began = notes_.began();
  if (request_.registry == nullptr) return input;
  const auto& options = request_.registry->options;
  input.injection = options.injection;
  auto& auth = input.auth;
  auth.credential = credential();
  auth.body = has_body ? auth::body_state::unread : auth::body_state::none;
  auth.registry = request_.target.registry;
  if (!input.operation) {
    if (request_.is_only_observed()) watched_request_ = auth::read_token_request(asked(), request_.target.origin);
    input.watches_token_request = watched_request_.has_value();
    return input;
  }
  if (request_.injection() == auth::injection::add && credential()) input.client_token = client_claims(asked());
  // A client certificate says who we are, too, and a server that is not verified may be anyone.
  const bool anonymous = !credential() && options.trust.client_cert_file.empty() && !options.trust.skip_verify;
  auth.realms = {request_.target.origin, options.realms, anonymous};
  const auto& operation = *input.operation;
  if (options.http2 == http2_use::automatic && moves_blob(operation, asked().method, has_body)) {
    call_.reroute(blob_route_of(request_));
  }
  if (pushes_manifest(operation, asked().method)) call_.keep_request(examined_manifest_cap);
  return input;
}

async::task<exchange_action> exchange_runner::look_up_hints(bool with_token) {
  const auto& operation = *machine_->operation();
  const auto& registry = request_.target.registry;
  lookup_result found;
  found.known = around_.shared.hints.requirement_of(registry, operation.repository, pushes());
  if (with_token && found.known && found.known->how == auth::requirement::kind::bearer) {
    auth::token_key key{registry, found.known->realm, found.known->service,
                        credential() ? credential()->generation : 0};
    found.cached = co_await around_.shared.tokens.cached(std::move(key), operation.needed);
    if (found.cached) {
      notes_.cached(*found.cached);
      notes_.secrets().add(found.cached);
      found.renewal_due = found.cached->renewal_due(now().steady);
    }
  } else if (with_token && found.known && credential()) {
    found.credential_refused = around_.shared.hints.is_refused(credential()->generation);
  }
  co_return machine_->on_lookup(std::move(found));
}

async::task<exchange_action> exchange_runner::send(const upstream_request& request) {
  if (so_far_.response_open) co_await call_.discard();
  so_far_.response_open = false;
  if (request.delay.count() > 0) co_await wait(around_.on, request.delay);
  const bool for_client = request.what == kind::client_request;
  const bool for_reason = request.what == kind::reason;
  http::request_head other;
  if (request.what == kind::probe) other = probe_head(request_.target.origin);
  if (for_reason) other = as_get(admitted_.head);
  if (for_client) authorize(request);
  const upstream_call::options options{.authorization = request.label,
                                       .with_body = for_client,
                                       .probe = request.what == kind::probe,
                                       .new_connection = request.repeated};
  notes_.explaining(for_reason);
  const auto& outgoing = for_client ? admitted_.head : other;
  auto answer = co_await call_.send(outgoing, options);
  if (!answer) {
    notes_.explaining(false);
    co_return fail(std::move(answer.error()));
  }
  so_far_.response_open = true;
  upstream_response event{.status = answer->status, .transfer = call_.transfer()};
  if (machine_->operation()) {
    event.wants = requirement_in(*answer);
    event.challenged = auth::has_challenge(answer->headers);
  }
  notes_.answered(*answer, event.wants);
  if (!request_.registry) around_.shared.stores.tunnelled_hosts.add(http::authority(request_.target.origin));
  const auto& cached = machine_->cached_token();
  if (cached && (event.status == 401 || event.status == 403)) {
    event.cached_refused_when_fresh = around_.shared.hints.was_refused_fresh(cached, now().steady);
  }
  auto next = machine_->on_response(event);
  if (for_reason && !is_repetition(next) && event.status >= 400) co_await read_reason(*answer);
  notes_.explaining(false);
  if (!for_reason) so_far_.response = std::move(*answer);
  co_return next;
}

// The value of the Authorization field that goes to the registry.
void exchange_runner::authorize(const upstream_request& request) {
  auto& headers = admitted_.head.headers;
  if (request.how == authorization::unchanged) return;
  if (request.how == authorization::client) {
    const auto own = asked().headers.get("Authorization");
    if (own && headers.count("Authorization") == 0) headers.add("Authorization", *own);
    return;
  }
  headers.erase("Authorization");
  if (request.how == authorization::basic) {
    headers.add("Authorization", auth::authorization_of(*credential()).expose());
  } else if (request.how == authorization::bearer) {
    const auto& value = request.token ? request.token->value : credential()->value;
    const secret field("Bearer " + std::string(value.expose()));
    headers.add("Authorization", field.expose());
    if (!request.token) notes_.ready_made(*credential());
  }
}

// The words that the answer to a HEAD cannot have.
async::task<void> exchange_runner::read_reason(const http::response_head& head) {
  const auto body = co_await call_.excerpt(reason_cap);
  const auto text = http::decode_content(head.headers, body, decoded_reason_cap);
  if (text) notes_.said(*text);
}

exchange_action exchange_runner::fail(failed_attempt failure) {
  so_far_.response_open = false;
  const bool optional = machine_->can_do_without_response();
  auto next = machine_->on_failure({.status = http_status_for(failure.problem, failed_operation::exchange),
                                    .dropped = failure.dropped,
                                    .unprocessed = failure.unprocessed,
                                    .transfer = call_.transfer()});
  if (!optional || is_repetition(next)) notes_.failed(std::move(failure.problem));
  return next;
}

async::task<exchange_action> exchange_runner::obtain(const obtain_token& order) {
  if (order.first_of_realm) notes_.realm(order.named.realm, order.realm);
  auto wanted = order_for(order);
  auto delivery = co_await around_.shared.tokens.obtain(std::move(wanted));
  if (order.for_login) co_return machine_->on_token(std::move(delivery.answer));
  notes_.secrets().add(delivery.answer.token);
  const bool address_refused = is_address_refused(order.realm, delivery.answer);
  if (!address_refused) notes_.token(order.request, delivery);
  if (delivery.answer.failure) note_token_failure(*delivery.answer.failure);
  co_return machine_->on_token(std::move(delivery.answer));
}

void exchange_runner::note_token_failure(const auth::token_failure& failure) {
  using failure_kind = auth::token_failure::kind;
  auto& original = so_far_.token_refusal;
  const bool answered = failure.what != failure_kind::transport && failure.what != failure_kind::no_token;
  if (answered && !failure.message.empty()) original.body = notes_.secrets().relayed(failure.message);
  if (!failure.retry_after) return;
  original.headers.set("Retry-After", std::to_string(std::min(*failure.retry_after, longest_wait).count()));
}

// A realm that may be asked because nothing secret goes there is restricted to the addresses of any other host.
token_query exchange_runner::order_for(const obtain_token& order) const {
  const auto& request = order.request;
  token_query wanted;
  wanted.key = {request_.target.registry, order.named.realm, order.named.service,
                request.credential ? request.credential->generation : 0};
  wanted.route =
      registry_route(*request_.registry, request.realm.origin, party::token_server, request_.snapshot->upstream_proxy);
  if (order.realm.foreign) wanted.route.allowed = filter_for(rule_for(target(), decision(), *request_.snapshot));
  wanted.request = request;
  wanted.newer_than = order.newer_than;
  return wanted;
}

auth::token_ptr exchange_runner::store(const exchange_updates& updates) {
  auto& hints = around_.shared.hints;
  if (updates.stripped_mount) {
    notes_.step(diagnosis::mount_step{*updates.stripped_mount, std::string(updates.strip_reason)});
    admitted_.head.target = registry::without_mount(admitted_.head.target);
    notes_.seen().needed = machine_->operation()->needed;
  }
  if (updates.learned) {
    const auto repository =
        updates.learned_for_registry ? std::string_view() : std::string_view(machine_->operation()->repository);
    hints.learn(request_.target.registry, repository, pushes(), *updates.learned);
  }
  if (updates.refused_fresh) hints.refuse_fresh(updates.refused_fresh, now().steady);
  if (updates.renewal) around_.shared.tokens.renew(order_for(*updates.renewal));
  if (updates.refused_realm) notes_.realm(updates.refused_realm->realm, *updates.realm_decision);
  return updates.forget;
}

void exchange_runner::note_final_response() {
  const auto& response = so_far_.response;
  if (leads_to_served_registry(response, *request_.snapshot)) notes_.leads_to_served_registry();
  if (machine_->operation()) note_push(around_.shared, *machine_->operation(), asked(), response, call_, notes_);
}

async::task<exchange_action> exchange_runner::read_response_body() {
  const auto& response = so_far_.response;
  const auto body = co_await call_.excerpt(refusal_body_cap);
  if (watched_request_) {
    notes_.token(*watched_request_, token_result{auth::read_answer(*watched_request_, response, body, now()), false});
  } else {
    auto& readable = so_far_.refusal_body;
    readable = readable_body(response.headers, body, call_.excerpt_is_all());
    notes_.said(readable ? *readable : body);
  }
  note_final_response();
  co_return machine_->on_body_read();
}

// The only place that looks for the cause while the client waits.
exchange_action exchange_runner::judge(int status) {
  notes_.seen().status = status;
  note_searched();
  so_far_.findings = diagnosis::examine(notes_.seen());
  return machine_->on_diagnosed(so_far_.findings->failure.has_value());
}

async::task<void> exchange_runner::write(const exchange_action& last) {
  auto& seen = notes_.seen();
  auto& response = so_far_.response;
  const bool to_response = so_far_.response_open;
  if (to_response && machine_->answers_for_registry()) {
    // A registry may repeat in its refusal what was sent to it, which its client must not see.
    if (response.status >= 400) {
      response.reason = notes_.secrets().relayed(response.reason);
      notes_.secrets().mask(response.headers);
    }
    remember_upload(around_.shared.hints, request_, *machine_->operation(), asked(), response);
  }
  if (const auto* order = std::get_if<relay>(&last)) {
    if (order->status < 400) note_final_response();
    seen.status = order->status;
    auto& hints = around_.shared.hints;
    if (order->credential_accepted) hints.accept(credential()->generation);
    if (order->credential_refused) so_far_.newly_skipped = hints.refuse(credential()->generation);
    const bool relayed = co_await writer_.relay(std::move(response), *order);
    if (!relayed) so_far_.findings.reset();
  } else if (const auto* refusal = std::get_if<write_error>(&last)) {
    const auto* reason = refusal->explained ? &*so_far_.findings->failure : nullptr;
    auto original = std::move(so_far_.token_refusal);
    if (refusal->to_response) {
      original = writer_.refused_answer(std::move(response), std::move(so_far_.refusal_body));
    }
    co_await writer_.write_error(refusal->status, reason, std::move(original));
  } else if (const auto* postponed = std::get_if<postpone>(&last)) {
    so_far_.sent_status = postponed->status;
    co_await writer_.write_postponed(postponed->status, *so_far_.findings->failure);
  } else {
    seen.status = 0;
    down_.abort();
  }
}

// Only the explanation of a failure needs them.
void exchange_runner::note_searched() {
  auto& seen = notes_.seen();
  if (seen.searched.empty()) seen.searched = request_.snapshot->searched;
}

async::task<std::shared_ptr<const exchange_record>> exchange_runner::finish() {
  const auto& seen = notes_.seen();
  if (seen.status / 100 != 2 || notes_.has_failed()) note_searched();
  auto findings = so_far_.findings ? std::move(*so_far_.findings) : diagnosis::examine(seen);
  // A challenge that was let through is the beginning of the client's login.
  const bool begins_login = machine_->client_goes_first() && seen.status == 401;
  if (begins_login) findings.failure.reset();
  auto& explanation = findings.failure;
  const bool rejected = machine_->credential_skipped() || (explanation && explanation->cause == "credential-rejected");
  if (rejected && so_far_.helpers_asked && credential() && around_.shared.programs != nullptr) {
    co_await around_.shared.programs->refused(credential());
  }
  const auto record = std::make_shared<exchange_record>(std::move(notes_.seen()), std::move(explanation));
  auto& moved = record->moved;
  moved.client_version = down_.version();
  moved.upstream_version = call_.upstream_version();
  moved.cache = name_of(machine_->cache());
  moved.passed_over = machine_->credential_skipped();
  moved.sent_status = so_far_.sent_status;
  moved.attempts = call_.attempts();
  moved.bytes_in = call_.bytes_in();
  moved.bytes_out = call_.bytes_out();
  moved.duration_ms = notes_.elapsed_ms();
  around_.shared.metrics.exchange(*record, request_.registry != nullptr);
  const bool went_nowhere = record->explanation && moved.attempts == 0;
  if (went_nowhere && !should_report(around_, request_.client, record->explanation->cause)) co_return record;
  report(record->evidence, record->explanation, moved);
  report_notices(record->evidence, findings.notices, so_far_.newly_skipped);
  around_.shared.history.add(record);
  co_return record;
}

}  // namespace

async::task<std::shared_ptr<const exchange_record>> run_exchange(worker_context around, exchange_request request,
                                                                 transport::downstream& down) {
  ++around.shared.load.busy;
  exchange_runner runner(around, std::move(request), down);
  auto outcome = co_await runner.run();
  --around.shared.load.busy;
  co_return outcome;
}

}  // namespace regpass::forward
