#include "forward/exchange/forwarding.hpp"

#include "auth/observed.hpp"
#include "auth/policy.hpp"
#include "forward/exchange/client_headers.hpp"
#include "forward/exchange/upstream_head.hpp"
#include "forward/exchange/web_page.hpp"
#include "forward/record/id.hpp"
#include "forward/session/unused_entries.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/hop.hpp"
#include "regpass/net/endpoint.hpp"

namespace regpass::forward {

namespace {

// A manifest that was refused is looked at up to this size; most are far smaller.
constexpr std::size_t manifest_at_most = 64 * 1024;

diagnosis::evidence describe(const forward_request& what, const transport::downstream& down, std::string id) {
  diagnosis::evidence made;
  made.id = std::move(id);
  made.began_at = now().wall;
  made.mode = what.mode;
  made.client = what.client;
  made.registry = what.registry ? registry::to_text(what.target.registry) : http::authority(what.target.origin);
  const auto& asked = what.head ? *what.head : down.head();
  made.method = clean(asked.method, 32);
  made.path = masked_url(asked.target);
  note_entries(made, what.target, *what.snapshot);
  return made;
}

std::shared_ptr<const transport::route> route_of(const forward_request& what) {
  const auto& by = what.snapshot->upstream_proxy;
  const auto& to = what.target.origin;
  if (what.registry) {
    const auto& usual = what.registry->route;
    if (usual && usual->origin == to) return usual;
    return std::make_shared<const transport::route>(registry_route(*what.registry, to, party::registry, by));
  }
  auto made = pass_route(to, rule_for(what.target, decision(), *what.snapshot), by);
  made.address = what.target.original;
  made.requested_by = std::make_shared<net::requester>(net::address_text(what.client));
  return std::make_shared<const transport::route>(std::move(made));
}

std::shared_ptr<const transport::route> blob_route_of(const forward_request& what) {
  auto usual = route_of(what);
  if (usual->offer == transport::offer::http1) return usual;
  if (usual == what.registry->route && what.registry->blob_route) return what.registry->blob_route;
  return std::make_shared<const transport::route>(for_blobs(*usual));
}

bool is_api(std::string_view target) {
  return target == "/v2" || target.starts_with("/v2/") || target.starts_with("/v2?");
}

std::string_view name_of(auth::injection mode) {
  switch (mode) {
    case auth::injection::replace:
      return "replace";
    case auth::injection::add:
      return "add";
    case auth::injection::observe:
      return "observe";
  }
  return "replace";
}

}  // namespace

forwarding::forwarding(const worker_context& around, forward_request what, transport::downstream& down)
    : around_(around),
      what_(std::move(what)),
      down_(down),
      notes_(describe(what_, down, new_id())),
      call_(around, down, route_of(what_), notes_) {}

async::task<std::shared_ptr<const exchange_record>> forwarding::run() {
  const bool allowed = prepare();
  if (allowed && choice_.ask != nullptr) co_await ask_programs();
  if (!allowed) {
    co_await answer_error(refusal_, diagnosis::refused_answer());
  } else if (without_credentials()) {
    co_await pass();
  } else {
    co_await settle_login();
    co_await serve();
  }
  co_await call_.settle();

  if (notes_.seen().status / 100 != 2 || notes_.has_failed()) note_searched();
  auto found = diagnosis::examine(notes_.seen());
  // A challenge that was let through is the beginning of the client's login.
  const bool begins_login = client_first_ && notes_.seen().status == 401;
  if (!explained_ && !begins_login) explained_ = std::move(found.failure);
  if (passed_over_ || (explained_ && explained_->cause == "credential-rejected")) co_await tell_program();
  const auto outcome = std::make_shared<exchange_record>(std::move(notes_.seen()), std::move(explained_));
  auto& moved = outcome->moved;
  moved.client_version = down_.version();
  moved.upstream_version = call_.upstream_version();
  moved.cache = cache_;
  moved.passed_over = passed_over_;
  moved.sent_status = sent_status_;
  moved.attempts = call_.attempts();
  moved.bytes_in = call_.bytes_in();
  moved.bytes_out = call_.bytes_out();
  moved.duration_ms = notes_.elapsed_ms();
  around_.shared.metrics.exchange(*outcome, what_.registry != nullptr);
  const bool went_nowhere = outcome->explanation && moved.attempts == 0;
  if (went_nowhere && !should_report(around_, what_.client, outcome->explanation->cause)) co_return outcome;
  report(outcome->evidence, outcome->explanation, moved);
  report_notices(outcome->evidence, found.notices, passed_over_now_);
  around_.shared.history.add(outcome);
  co_return outcome;
}

bool forwarding::prepare() {
  notes_.secrets().add(what_.snapshot->upstream_proxy);
  notes_.secrets().add_client(asked().headers);
  const bool observing = injection() == auth::injection::observe;
  const bool as_step = what_.registry && what_.may_be_step && !is_only_observed();
  notes_.seen().injection = as_step ? std::string_view("step") : name_of(injection());
  if (http::came_via(asked().headers, pseudonym())) {
    refusal_ = 508;
    notes_.step(
        diagnosis::policy_step{"the request goes round in a loop: by its Via field this regpass passed it on before",
                               "let the name and the proxy settings of regpass lead to the registry itself"});
    return false;
  }
  if (what_.registry && !classify()) return false;
  if (!without_credentials() && !observing && !judge_client()) return false;
  if (what_.may_be_step && is_api(asked().target) && refuse_step()) return false;
  // What is no API request gets nothing of ours and keeps what it brought.
  auto head = upstream_head(asked(), what_.target, without_credentials() || observing);
  if (!head) {
    refusal_ = 400;
    auto problem = head.error();
    problem.who = party::client;
    notes_.failed(std::move(problem));
    return false;
  }
  head_ = std::move(*head);
  if (without_credentials()) return true;
  choose_credential();
  return permit();
}

// Nothing of a client may change what the registry takes the request for, and no page in a browser has a say in what
// our credential does.
bool forwarding::judge_client() {
  if (const auto claim = claim_in_query(asked().target); !claim.empty()) {
    refusal_ = 400;
    notes_.failed(error(errc::bad_message, party::client, phase::head,
                        "the query names another method by " + clean(claim, 64), 0, false));
    return false;
  }
  const auto& own = what_.seen_as ? what_.seen_as->shown : what_.target.origin;
  if (!is_from_foreign_page(asked().headers, own)) return true;
  refusal_ = 403;
  notes_.step(diagnosis::policy_step{"a page in a browser, of another origin, asks for it with regpass's credential",
                                     "let the page's own server ask, or send the browser past regpass"});
  return false;
}

auth::injection forwarding::injection() const noexcept {
  return what_.registry && !what_.may_be_step && !client_first_ ? what_.registry->options.injection
                                                                : auth::injection::observe;
}

// By configuration: nothing of ours goes there, so nothing is refused that the registry itself would not refuse.
bool forwarding::is_only_observed() const noexcept {
  return what_.registry && what_.registry->options.injection == auth::injection::observe;
}

bool forwarding::refuse_step() {
  if (what_.snapshot->clients.steps == step_requests::anonymous || is_only_observed()) return false;
  refusal_ = 403;
  notes_.step(diagnosis::policy_step{
      "this looks like a request of a build step that uses its builder's password: BuildKit's exec proxy "
      "(--proxy-network) sends such requests, and regpass spends no credential on them",
      "set [client_auth] steps = \"anonymous\" to pass such requests on without a credential, or builder = \"other\" "
      "if no BuildKit has this password"});
  return true;
}

bool forwarding::classify() {
  auto parsed = registry::parse_operation(asked().method, asked().target);
  if (may_continue_upload(parsed)) operation_ = continued_upload();
  const bool no_request = !operation_ && !parsed;
  if (no_request && parsed.error().code == errc::unsupported) return true;  // without credentials
  if (no_request && is_only_observed()) return true;
  if (no_request) {
    refusal_ = 400;
    auto problem = parsed.error();
    problem.who = party::client;
    problem.when = phase::head;
    notes_.failed(std::move(problem));
    return false;
  }
  if (!operation_) operation_ = std::move(*parsed);
  if (what_.registry->options.http2 == http2_use::automatic && moves_blob()) call_.reroute(blob_route_of(what_));
  if (pushes_manifest()) call_.keep_request(manifest_at_most);
  auto& seen = notes_.seen();
  seen.repository = operation_->repository;
  seen.action = registry::name_of(operation_->action);
  seen.needed = operation_->needed;
  return true;
}

// What a Location of an upload may look like: an upload to any repository, no path of the API at all, or nonsense.
bool forwarding::may_continue_upload(const result<registry::operation>& parsed) const {
  if (!parsed || parsed->endpoint == registry::endpoint::upload) return true;
  return asked().method == "PUT" || asked().method == "PATCH";
}

std::optional<registry::operation> forwarding::continued_upload() const {
  const auto repository = around_.shared.hints.repository_of(what_.target.registry, asked().target);
  if (!repository) return std::nullopt;
  auto made = registry::upload_operation(asked().method, *repository);
  if (!made) return std::nullopt;
  return std::move(*made);
}

bool forwarding::pushes_manifest() const {
  return operation_ && operation_->endpoint == registry::endpoint::manifest && asked().method == "PUT";
}

// Its content, that is, in either direction.
bool forwarding::moves_blob() const {
  if (operation_->endpoint == registry::endpoint::upload) return down_.body().has_body();
  return operation_->endpoint == registry::endpoint::blob && asked().method == "GET";
}

bool forwarding::permit() {
  if (is_only_observed()) return true;
  const auto verdict = auth::judge(what_.registry->options.policy, what_.target.registry, *operation_);
  if (!verdict.allowed) {
    refusal_ = 403;
    auto remedy = "add " + verdict.config_line;
    if (operation_->endpoint == registry::endpoint::upload) {
      remedy += "; if the upload is to another repository and was begun before regpass started, begin it again";
    }
    notes_.step(diagnosis::policy_step{verdict.why, std::move(remedy)});
    return false;
  }
  if (!verdict.strip_mount.empty()) strip_mount(verdict.strip_mount);
  return true;
}

void forwarding::choose_credential() {
  choice_ = auth::choose(what_.snapshot->credentials, wanted());
  note_choice();
}

auth::wanted forwarding::wanted() const {
  return {what_.target.registry, operation_->repository, operation_->action};
}

async::task<void> forwarding::ask_programs() {
  asked_programs_ = true;
  choice_ = co_await forward::choose_credential(around_.shared.programs, what_.snapshot->credentials, wanted());
  note_choice();
}

void forwarding::note_choice() {
  if (injection() != auth::injection::replace) notes_.brought(asked().headers);
  auto& seen = notes_.seen();
  seen.missing = choice_.missing;
  seen.others = choice_.others;
  if (!choice_.credential) return;
  notes_.secrets().add(choice_.credential);
  seen.source = choice_.credential->source;
  seen.key = choice_.credential->key;
  seen.username = choice_.credential->username;
  seen.credential_kind = auth::name_of(choice_.credential->kind);
}

// Only who explains a failure asks for them.
void forwarding::note_searched() {
  auto& seen = notes_.seen();
  if (seen.searched.empty()) seen.searched = what_.snapshot->searched;
}

async::task<void> forwarding::tell_program() {
  if (!asked_programs_ || !choice_.credential || around_.shared.programs == nullptr) co_return;
  co_await around_.shared.programs->refused(choice_.credential);
}

void forwarding::strip_mount(std::string why) {
  notes_.step(diagnosis::mount_step{*operation_->mount_from, std::move(why)});
  head_.target = registry::without_mount(head_.target);
  operation_->mount_from.reset();
  operation_->needed = registry::scope_set(registry::repository_scope(operation_->repository, {"pull", "push"}));
  notes_.seen().needed = operation_->needed;
  mount_stripped_ = true;
}

async::task<void> forwarding::pass() {
  if (is_only_observed()) own_request_ = auth::read_token_request(asked(), what_.target.origin);
  const bool brought = what_.registry == nullptr || is_only_observed() || head_.headers.count("Authorization") > 0;
  const std::string_view shown = brought ? "client" : "none";
  auto head = co_await call_.send(head_, shown, true, false);
  if (!head) {
    co_await upstream_failed(head.error());
    co_return;
  }
  if (!what_.registry) around_.shared.stores.tunnelled_hosts.add(http::authority(what_.target.origin));
  notes_.answered(*head, std::nullopt);
  co_await deliver(std::move(*head));
}

}  // namespace regpass::forward
