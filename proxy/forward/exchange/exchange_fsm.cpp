#include "forward/exchange/exchange_fsm.hpp"

#include <algorithm>
#include <utility>

namespace regpass::forward {
namespace {

using authorization = upstream_request::authorization;
using kind = upstream_request::kind;

constexpr auto before_repeating = std::chrono::milliseconds{50};

bool is_transient(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

bool is_bearer(const std::optional<auth::requirement>& wants) noexcept {
  return wants && wants->how == auth::requirement::kind::bearer;
}

// A token that names nobody as its subject.
bool is_anonymous(const std::optional<auth::claims>& claims) {
  return claims && claims->subject.empty() && claims->access.has_value();
}

authorization authorization_of(auth::send::with how) {
  switch (how) {
    case auth::send::with::bare:
      return authorization::none;
    case auth::send::with::basic:
      return authorization::basic;
    case auth::send::with::bearer:
      return authorization::bearer;
    case auth::send::with::client:
      return authorization::client;
  }
  return authorization::none;
}

std::string_view label_of(authorization how, bool has_authorization) {
  switch (how) {
    case authorization::basic:
      return "basic";
    case authorization::bearer:
      return "bearer";
    case authorization::client:
    case authorization::unchanged:
      return has_authorization ? "client" : "none";
    case authorization::none:
      break;
  }
  return "none";
}

// crane, ko, cosign and others. What they print of a failed ping is its body; if the ping succeeded, their next request
// would be the HEAD of a tag, of which they print nothing but the status.
bool prints_failed_ping(std::string_view agent) {
  return agent.find("go-containerregistry") != std::string_view::npos;
}

// These ask for a manifest by its digest before they push it, and push what does not exist. containerd asks for what it
// is about to pull, and would report it as not found.
bool checks_before_push(std::string_view agent) {
  return agent.starts_with("Helm/") || agent.starts_with("oras") || prints_failed_ping(agent);
}

// Whether the client goes on when it reads that there is no such thing. By tag it does not: `oras manifest delete
// --force` would report a manifest as deleted.
bool is_optional_head(const registry::operation& op, std::string_view agent) {
  if (op.endpoint == registry::endpoint::blob) return true;
  const bool by_digest = op.reference.find(':') != std::string::npos;
  return op.endpoint == registry::endpoint::manifest && by_digest && checks_before_push(agent);
}

// With a token that was obtained for this request.
bool is_fresh(const upstream_request& sent, const auth::token_ptr& cached) noexcept {
  return sent.what == kind::client_request && sent.token && sent.token != cached;
}

// ctr and BuildKit fail a push if its token may not pull from the mount's source; an upload always works.
bool lacks_mount_source(const registry::operation& operation, const auth::token& token) {
  return operation.mount_from && token.granted && !token.granted->covers(operation.needed);
}

// The answer to a HEAD has no body to explain it. A refused GET does not count as a pull, not even on Docker Hub.
bool needs_reason(const exchange_input& in, int status) {
  if (in.method != "HEAD" || !in.operation) return false;
  if (status != 400 && status != 401 && status != 403) return false;
  const auto of = in.operation->endpoint;
  return of == registry::endpoint::manifest || of == registry::endpoint::blob;
}

// An upload that may have begun elsewhere: its path is not one of the API, so regpass gave it no credential, and the
// client sent none.
bool lost_upload(const exchange_input& in, int status) {
  if (status != 401 && status != 403) return false;
  if (!in.registry_served || in.operation || in.has_authorization) return false;
  if (in.injection == auth::injection::observe) return false;
  return in.method == "PATCH" || in.method == "PUT";
}

// A refused ping is answered with success, and a refused HEAD with "not found", if that leads the client to a request
// whose refusal it prints. Measured: skopeo, buildah and podman print only the status of a refused ping, and no client
// prints more than that of a HEAD. 0: nothing is postponed.
int postponed_status(const exchange_input& in, int status) {
  const bool is_refusal = status == 403 || status == 429 || status >= 500;
  if (!in.operation || !is_refusal) return 0;
  const bool ping = in.operation->endpoint == registry::endpoint::base;
  if (ping) return status >= 500 && prints_failed_ping(in.user_agent) ? 0 : 200;
  return in.method == "HEAD" && is_optional_head(*in.operation, in.user_agent) ? 404 : 0;
}

}  // namespace

std::string_view name_of(cache_use use) noexcept {
  switch (use) {
    case cache_use::hit:
      return "hit";
    case cache_use::miss:
      return "miss";
    case cache_use::refreshed:
      return "refreshed";
    case cache_use::none:
      break;
  }
  return "";
}

bool is_address_refused(const auth::realm_decision& realm, const auth::token_answer& answer) noexcept {
  const auto& failure = answer.failure;
  return realm.foreign && failure && failure->problem && failure->problem->code == errc::denied;
}

exchange_action exchange_fsm::start() {
  if (in_.refused_status != 0) return refuse(in_.refused_status);
  if (!in_.operation) {
    state_ = state::passing;
    const bool only_observed = in_.registry_served && in_.injection == auth::injection::observe;
    const bool as_client = !in_.registry_served || only_observed || in_.has_authorization;
    return request({.how = authorization::unchanged, .label = as_client ? "client" : "none"});
  }
  if (!in_.mount_refusal.empty()) strip_mount(in_.mount_refusal);
  return decide_login();
}

auth::injection exchange_fsm::mode() const noexcept {
  return in_.registry_served && !in_.build_step && !flags_.client_first ? in_.injection : auth::injection::observe;
}

bool exchange_fsm::client_speaks() const noexcept {
  const auto injection = mode();
  const bool own_login = in_.has_authorization && !flags_.ignores_client;
  return injection == auth::injection::observe || (injection == auth::injection::add && own_login);
}

bool exchange_fsm::answers_for_registry() const noexcept {
  return in_.operation && mode() != auth::injection::observe;
}

// In add mode: whose login goes first.
//
// Most clients send nothing until they are challenged, whether or not they have a login. A challenge can be let through
// to them if a client without a login comes back with a token that can be recognised as anonymous: regpass replaces
// that one with its own. Some token servers give no such token to an anonymous client; their registries get regpass's
// credential at once, or a client without a login would fail.
exchange_action exchange_fsm::decide_login() {
  // A client that knows the registry by another address cannot be sent a challenge.
  if (mode() != auth::injection::add || in_.renamed) return serve();
  const bool has_credential = in_.auth.credential != nullptr;
  if (in_.has_authorization) {
    const auto& claims = in_.client_token;
    flags_.ignores_client = has_credential && is_anonymous(claims) && !claims->access->covers(in_.operation->needed);
    return serve();
  }
  if (in_.auth.body == auth::body_state::unread) return serve();
  if (!has_credential) {
    flags_.client_first = true;
    return serve();
  }
  state_ = state::login_lookup;
  return look_up{};
}

exchange_action exchange_fsm::judge_login(const std::optional<auth::requirement>& wants) {
  if (!is_bearer(wants)) return serve();
  auto realm = auth::decide_realm(wants->realm, in_.auth.registry, in_.auth.realms);
  if (!realm.allowed) return serve();
  state_ = state::login_token;
  obtain_token order{.named = *wants, .realm = std::move(realm), .request = {}, .for_login = true};
  order.request.realm = order.realm.url;
  order.request.service = wants->service;
  order.request.scopes = in_.operation->needed;
  return order;
}

exchange_action exchange_fsm::serve() {
  if (client_speaks()) return begin_handshake({});
  state_ = state::lookup;
  return look_up{.with_token = true};
}

exchange_action exchange_fsm::on_lookup(lookup_result found) {
  if (state_ == state::login_lookup) {
    if (found.known) return judge_login(found.known);
    state_ = state::login_probe;
    return request({.what = kind::probe});
  }
  if (found.known && is_bearer(found.known)) {
    if (found.cached && lacks_mount_source(*in_.operation, *found.cached)) {
      strip_mount("the token does not allow to pull from the mount's source");
      return look_up{.with_token = true};
    }
    cache_ = found.cached ? cache_use::hit : cache_use::miss;
  } else if (found.known && auth_input().credential && in_.operation->action == registry::action::pull) {
    // A Basic credential that was refused is not tried first again with every blob of a public image: accounts get
    // locked.
    flags_.skipped = found.credential_refused;
    if (flags_.skipped) found.known.reset();
  }
  return begin_handshake(std::move(found));
}

exchange_action exchange_fsm::begin_handshake(lookup_result found) {
  auth::handshake_input input;
  if (handshake_) {
    input = handshake_->input();
  } else {
    input = std::move(in_.auth);
  }
  input.need = in_.operation->needed;
  input.mode = mode();
  input.client_authorization = in_.has_authorization && !flags_.ignores_client;
  input.cached = found.cached;
  input.known = found.known;
  known_ = std::move(found.known);
  cached_ = std::move(found.cached);
  handshake_.emplace(std::move(input));
  if (cached_ && found.renewal_due) {
    // By today's configuration and credential: a realm whose approval was withdrawn gets nothing more.
    const auto& now = handshake_->input();
    auto realm = auth::decide_realm(known_->realm, now.registry, now.realms);
    if (realm.allowed) {
      auto& renewal = updates().renewal.emplace();
      renewal.named = *known_;
      renewal.request = {.how = cached_->how,
                         .realm = realm.url,
                         .service = known_->service,
                         .scopes = cached_->asked,
                         .credential = now.credential};
      renewal.realm = std::move(realm);
    }
  }
  state_ = state::serving;
  return follow(handshake_->start());
}

exchange_action exchange_fsm::follow(auth::action next) {
  if (const auto* order = std::get_if<auth::send>(&next)) return send(*order);
  if (auto* order = std::get_if<auth::ask_token>(&next)) {
    const bool renewed = cache_ == cache_use::hit || cache_ == cache_use::refreshed;
    cache_ = renewed ? cache_use::refreshed : cache_use::miss;
    obtain_token wanted{.named = *handshake_->learned(),
                        .realm = *handshake_->realm(),
                        .request = std::move(order->request),
                        .newer_than = newer_than_};
    wanted.first_of_realm = std::exchange(noted_realm_, wanted.named.realm) != wanted.named.realm;
    return wanted;
  }
  if (std::holds_alternative<auth::probe>(next)) return request({.what = kind::probe});
  if (handshake_->realm() && !handshake_->realm()->allowed) {
    updates().refused_realm = handshake_->learned();
    updates().realm_decision = handshake_->realm();
  }
  const auto* refusal = std::get_if<auth::refuse>(&next);
  return refuse(refusal != nullptr ? refusal->status : 503);
}

exchange_action exchange_fsm::send(const auth::send& order) {
  using with = auth::send::with;
  // The handshake omits a refused credential if it may.
  flags_.skipped =
      order.how == with::bare ? flags_.skipped || flags_.sent_basic : flags_.skipped && order.how != with::basic;
  flags_.sent_basic = order.how == with::basic;
  const auto scheme = authorization_of(order.how);
  return request({.how = scheme, .token = order.token, .label = label_of(scheme, in_.has_authorization)});
}

exchange_action exchange_fsm::request(upstream_request next) {
  last_ = std::move(next);
  return last_;
}

bool exchange_fsm::may_repeat(const transfer_state& transfer) const noexcept {
  if (last_.repeated || state_ == state::relaying || transfer.client_gone || transfer.client_malformed) return false;
  const bool with_body = last_.what == kind::client_request && auth_input().body == auth::body_state::unread;
  return !with_body || transfer.body_withheld;
}

exchange_action exchange_fsm::repeat(std::chrono::milliseconds delay) {
  last_.repeated = true;
  auto again = last_;
  again.delay = delay;
  return again;
}

exchange_action exchange_fsm::on_response(const upstream_response& response) {
  const bool safe = last_.what != kind::client_request || in_.method == "GET" || in_.method == "HEAD";
  if (safe && is_transient(response.status) && may_repeat(response.transfer)) return repeat(before_repeating);
  switch (state_) {
    case state::login_probe:
      if (response.status == 401) learn(response.wants);
      return judge_login(response.wants);
    case state::serving:
      return follow_response(response);
    case state::reason:
      return answer_client();
    default:
      return deliver(response.status);
  }
}

exchange_action exchange_fsm::on_failure(const upstream_failure_event& failure) {
  const bool safe = last_.what != kind::client_request || in_.method == "GET" || in_.method == "HEAD";
  const auto& transfer = failure.transfer;
  if (((failure.dropped && safe) || failure.unprocessed) && may_repeat(transfer)) return repeat({});
  if (state_ == state::login_probe) return serve();  // the request itself will say why
  if (state_ == state::reason) return answer_client();
  if (transfer.responded || transfer.client_gone) {
    state_ = state::done;
    return abort_client{};
  }
  return refuse(transfer.client_malformed ? 400 : failure.status);
}

exchange_action exchange_fsm::follow_response(const upstream_response& response) {
  const int status = response.status;
  const bool started = response.transfer.body_started;
  bool keeps = false;
  if (status == 401) {
    learn(response.wants);
    keeps = note_refused_token(response);
  }
  if (keeps) handshake_->keep_cached();
  if (status < 400 && is_fresh(last_, cached_)) updates().learned = handshake_->learned();
  auto next = handshake_->on_response(status, response.wants, response.challenged, started);
  const bool drops = !keeps && (status == 401 || std::holds_alternative<auth::ask_token>(next));
  if (drops) drop_refused_token(response.cached_refused_when_fresh);
  if (!std::holds_alternative<auth::deliver>(next)) return follow(std::move(next));
  const bool mount_refused = (status == 401 || status == 403) && in_.operation->mount_from && !flags_.mount_stripped;
  if (mount_refused && mode() != auth::injection::observe && !started) {
    strip_mount("the registry refused the mount");
    return serve();
  }
  return deliver(status);
}

exchange_action exchange_fsm::on_token(auth::token_answer answer) {
  const auto& token = answer.token;
  if (state_ == state::login_token) {
    const auto& needed = in_.operation->needed;
    if (token && is_anonymous(token->claims)) {
      flags_.client_first = needed.empty() || !token->claims->access->covers(needed);
    }
    return serve();
  }
  if (is_address_refused(*handshake_->realm(), answer)) {
    answer.failure->what = auth::token_failure::kind::forbidden;
    updates().refused_realm = handshake_->learned();
    auto& refused = updates().realm_decision.emplace(*handshake_->realm());
    refused.allowed = false;
    refused.why = answer.failure->problem->detail;
  }
  flags_.skipped = token && handshake_->input().credential && !handshake_->requested_credential();
  if (token && lacks_mount_source(*in_.operation, *token)) {
    strip_mount("the token does not allow to pull from the mount's source");
    handshake_->narrow(in_.operation->needed);
  }
  return follow(handshake_->on_token(answer));
}

// The answer to a token that used to be good does not tell where to get the next one, unless it names another service
// there (see handshake::renew): Harbor answers every insufficient token with a Basic challenge. A realm that may not be
// asked is not learned, or one answer would have every later request refused. What /v2/ says holds for the registry as
// a whole.
void exchange_fsm::learn(const std::optional<auth::requirement>& wants) {
  if (!wants) return;
  const bool probed = last_.what == kind::probe;
  const bool with_token = !probed && last_.how == authorization::bearer;
  if (with_token && !is_bearer(wants)) return;
  const bool was_good = with_token && cached_ && last_.token == cached_;
  if (was_good && (!known_ || known_->realm != wants->realm)) return;
  const auto& rules = auth_input();
  if (is_bearer(wants) && !auth::decide_realm(wants->realm, rules.registry, rules.realms).allowed) return;
  updates().learned = wants;
  updates().learned_for_registry = probed;
}

// True if another token would fare no better than the refused one.
bool exchange_fsm::note_refused_token(const upstream_response& response) {
  if (is_fresh(last_, cached_)) {
    updates().refused_fresh = last_.token;
    return false;
  }
  const bool refused = cached_ && last_.what == kind::client_request && last_.token == cached_;
  // A wider one says nothing about a token for this alone.
  return refused && cached_->asked == in_.operation->needed && response.cached_refused_when_fresh;
}

// Even if this request fails with it (its body has started), the next one must not meet it again. A token that was
// granted less than it was asked for stays, and so does one that was refused when it was new: another one would be no
// better.
void exchange_fsm::drop_refused_token(bool refused_when_fresh) {
  if (!cached_) return;
  auto refused = std::exchange(cached_, nullptr);
  newer_than_ = std::max(in_.began, refused->obtained_at + steady_time::duration(1));
  if (refused->granted && !refused->granted->covers(in_.operation->needed)) return;
  if (!refused_when_fresh) updates().forget = std::move(refused);
}

void exchange_fsm::strip_mount(std::string_view reason) {
  auto& op = *in_.operation;
  updates().stripped_mount = std::exchange(op.mount_from, std::nullopt);
  updates().strip_reason = reason;
  op.needed = registry::scope_set(registry::repository_scope(op.repository, {"pull", "push"}));
  flags_.mount_stripped = true;
}

exchange_action exchange_fsm::deliver(int status) {
  status_ = status;
  if (status < 400 && !in_.watches_token_request) return relay_response();
  state_ = state::reading;
  return read_body{};
}

exchange_action exchange_fsm::on_body_read() {
  if (!needs_reason(in_, status_)) return answer_client();
  state_ = state::reason;
  flags_.reason_requested = true;
  return request({.what = kind::reason, .how = last_.how, .token = last_.token, .label = last_.label});
}

exchange_action exchange_fsm::answer_client() {
  const bool ours = answers_for_registry() || lost_upload(in_, status_);
  if (status_ < 400 || !ours) return relay_response();
  state_ = state::judging_response;
  return diagnose{status_ == 401 ? 403 : status_};
}

exchange_action exchange_fsm::relay_response() {
  state_ = state::relaying;
  const bool good = status_ < 400;
  // A challenge would lead a client to the registry itself if it only knows it by another address.
  const bool hide = in_.registry_served && (mode() != auth::injection::observe || in_.renamed);
  return relay{.status = status_,
               .hide_challenge = hide,
               .without_body = flags_.reason_requested,
               .credential_accepted = good && flags_.sent_basic && auth_input().credential,
               .credential_refused = good && flags_.skipped};
}

exchange_action exchange_fsm::refuse(int status) {
  state_ = state::judging_refusal;
  status_ = status == 401 ? 403 : status;
  return diagnose{status_};
}

exchange_action exchange_fsm::on_diagnosed(bool explained) {
  const bool to_response = state_ == state::judging_response;
  const bool say = explained && in_.annotate;
  if (to_response && !say && status_ != 401) return relay_response();
  state_ = state::done;
  if (status_ == 401) status_ = 403;
  const int postponed = say ? postponed_status(in_, status_) : 0;
  if (postponed != 0) return postpone{postponed};
  return write_error{.status = status_, .explained = say, .to_response = to_response};
}

}  // namespace regpass::forward
