#include "auth/handshake.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace regpass::auth {
namespace {

bool is_kind(const credential_ptr& credential, credential_kind kind) noexcept {
  return credential && credential->kind == kind;
}

// A Bearer challenge can be answered with any credential and anonymously; Basic only with a password or what may be
// one.
bool usable(const std::optional<requirement>& wants, const credential_ptr& credential) noexcept {
  if (!wants) return false;
  return wants->how == requirement::kind::bearer || is_kind(credential, credential_kind::basic) ||
         is_kind(credential, credential_kind::identity_token);
}

bool is_bearer(const std::optional<requirement>& wants) noexcept {
  return wants && wants->how == requirement::kind::bearer;
}

bool passes_client_through(const handshake_input& in) noexcept {
  return in.mode == injection::observe || (in.mode == injection::add && in.client_authorization);
}

// A password is one in either form; what may be an identity token is another thing in each.
bool calls_for_other_form(const token_request& request, const token_failure& failure) noexcept {
  using kind = token_failure::kind;
  if (!has_other_form(request.credential)) return false;
  if (failure.what == kind::wrong_form) return true;
  const bool refused = failure.what == kind::rejected || failure.what == kind::forbidden;
  return refused && may_be_identity_token(*request.credential);
}

token_request::form other_than(token_request::form how) noexcept {
  return how == token_request::form::get ? token_request::form::post : token_request::form::get;
}

// Something is asked for, and all of it is to pull.
bool only_pulls(const registry::scope_set& need) noexcept {
  const auto is_pull = [](const registry::scope& one) {
    return one.actions.size() == 1 && one.actions.contains("pull");
  };
  return !need.empty() && std::ranges::all_of(need.list(), is_pull);
}

// A wrong form in every form may be a verdict on the credential, too: ECR Public answers 400 to a wrong password.
bool is_refused(token_failure::kind what) noexcept {
  using kind = token_failure::kind;
  return what == kind::rejected || what == kind::forbidden || what == kind::wrong_form;
}

bool falls_short(const token& got, const registry::scope_set& need) {
  return got.granted && !got.granted->covers(need);
}

}  // namespace

action handshake::start() {
  using with = send::with;
  assert(state_ == state::start);
  if (passes_client_through(in_)) return go(state::fresh, send{with::client, nullptr});
  if (is_kind(in_.credential, credential_kind::bearer)) return go(state::fresh, send{with::bearer, nullptr});
  if (in_.cached) return go(state::cached, send{with::bearer, in_.cached});
  if (is_bearer(in_.known) && allows(*in_.known)) return ask(*in_.known);
  if (!is_bearer(in_.known) && usable(in_.known, in_.credential)) return go(state::basic, send{with::basic, nullptr});
  return send_without_token();
}

// If the registry wants Basic and there is no password, a probe would not help.
action handshake::send_without_token() {
  const bool pointless_to_probe = in_.known && !is_bearer(in_.known);
  if (in_.body == body_state::unread && !pointless_to_probe) return go(state::probing, probe{});
  return go(state::bare, send{send::with::bare, nullptr});
}

action handshake::on_response(int status, const std::optional<requirement>& wants, bool challenged, bool body_started) {
  if (status == 401 && wants) learned_ = wants;
  const bool again = status == 401 && !body_started;  // sending it again may help, and is possible
  const bool answerable = again && usable(wants, in_.credential);
  switch (state_) {
    case state::bare:
      if (answerable) return follow(*wants);
      if (again && !challenged) return go(state::probing_late, probe{});
      if (restarted_ && status >= 400) return go(state::done, refuse{refusal_});
      break;
    case state::probed:
      if (answerable) return follow(*wants);
      break;
    case state::probing:
    case state::probing_late:
      if (answerable) return follow(*wants);
      if (restarted_) return go(state::done, refuse{refusal_});
      return go(state_ == state::probing ? state::probed : state::fresh, send{send::with::bare, nullptr});
    case state::basic:
      if (again && is_bearer(wants)) return follow(*wants);
      if (again && only_pulls(in_.need)) return go(state::fresh, send{send::with::bare, nullptr});
      break;
    case state::cached:
      if (again) return renew(wants);
      if (status == 403 && !body_started && may_lack_scope()) return ask(*in_.known);
      break;
    case state::fresh:
      if (again && followed_ && !named_by_response_ && names_another(wants, followed_)) return follow(*wants);
      break;
    default:
      break;
  }
  return go(state::done, deliver{});
}

action handshake::on_token(const token_answer& answer) {
  assert(state_ == state::asking && request_);
  if (!request_) return go(state::done, refuse{503});
  if (!answer.token) return without_token(answer.failure);
  const bool short_of = falls_short(*answer.token, in_.need);
  const bool was_refused = in_.credential && !request_->credential;
  if (short_of && was_refused) return give_up();
  if (short_of && !narrowed_ && request_->scopes != in_.need) {
    narrowed_ = true;
    auto alone = *request_;
    alone.scopes = in_.need;
    return ask_again(std::move(alone));
  }
  return go(state::fresh, send{send::with::bearer, answer.token});
}

action handshake::without_token(const std::optional<token_failure>& failure) {
  const bool without = in_.credential && !request_->credential;
  if (without) return give_up();
  note_failure(failure);
  if (narrowed_) return give_up();
  if (failure && !other_form_ && calls_for_other_form(*request_, *failure)) {
    other_form_ = true;
    auto other = *request_;
    other.how = other_than(request_->how);
    return ask_again(std::move(other));
  }
  if (request_->credential && credential_refused_ && only_pulls(in_.need)) {
    auto anonymous = *request_;
    anonymous.how = token_request::form::get;
    anonymous.credential = nullptr;
    return ask_again(std::move(anonymous));
  }
  return give_up();
}

void handshake::note_failure(const std::optional<token_failure>& failure) {
  const int rank = failure ? telling_rank(failure->what, failure->status) : 0;
  if (rank <= failure_rank_) return;
  failure_rank_ = rank;
  credential_refused_ = failure && is_refused(failure->what);
  refusal_ = credential_refused_ ? 403 : 503;
}

action handshake::give_up() {
  if (!named_by_response_ && reserve_) return follow(*reserve_);
  if (named_by_response_ || named_again_ || restarted_) return go(state::done, refuse{refusal_});
  restarted_ = true;
  return send_without_token();
}

action handshake::ask_again(token_request other) {
  request_ = std::move(other);
  return go(state::asking, ask_token{*request_});
}

action handshake::go(state next, action what) {
  state_ = next;
  return what;
}

bool handshake::allows(const requirement& wants) const {
  return decide_realm(wants.realm, in_.registry, in_.realms).allowed;
}

// A token endpoint, and one that may be asked.
bool handshake::names_another(const std::optional<requirement>& wants, const std::optional<requirement>& than) const {
  return is_bearer(wants) && than && !same_endpoint(*wants, *than) && allows(*wants);
}

// A challenge of this request.
action handshake::follow(const requirement& wants) {
  if (restarted_ && followed_ && same_endpoint(wants, *followed_)) return go(state::done, refuse{refusal_});
  named_by_response_ = true;
  if (wants.how == requirement::kind::basic) return go(state::fresh, send{send::with::basic, nullptr});
  return ask(wants);
}

action handshake::ask(const requirement& wants) {
  learned_ = wants;
  realm_ = decide_realm(wants.realm, in_.registry, in_.realms);
  if (!realm_->allowed) return go(state::done, refuse{403});
  followed_ = wants;
  other_form_ = false;
  narrowed_ = false;
  failure_rank_ = -1;
  credential_refused_ = false;
  return ask_again(token_request{.how = first_form(in_.credential),
                                 .realm = realm_->url,
                                 .service = wants.service,
                                 .scopes = in_.need,
                                 .credential = in_.credential});
}

// An opaque token for several scopes, of which its server may have honoured one.
bool handshake::may_lack_scope() const {
  return !in_.cached->granted && in_.cached->asked != in_.need && is_bearer(in_.known) && allows(*in_.known);
}

// A token that was granted too little would be granted too little again. Otherwise the endpoint that gave this one
// gives the next: Harbor answers a Bearer token that does not do with a Basic challenge, and nvcr.io with that of an
// endpoint that is of no use to everybody (NVIDIA/nvidia-container-toolkit#1945). Another service of the same endpoint
// is no such answer: that is what the registry wants for this request.
action handshake::renew(const std::optional<requirement>& wants) {
  if (keeps_cached_) return go(state::done, deliver{});
  const bool another = names_another(wants, in_.known);
  if (another && wants->realm == in_.known->realm) return follow(*wants);
  const auto& granted = in_.cached->granted;
  if (granted && !granted->covers(in_.need)) return another ? follow(*wants) : go(state::done, deliver{});
  if (another) reserve_ = wants;
  named_again_ = is_bearer(wants) && in_.known && same_endpoint(*wants, *in_.known);
  if (is_bearer(in_.known) && allows(*in_.known)) return ask(*in_.known);
  if (is_bearer(wants)) return follow(*wants);
  return go(state::done, deliver{});
}

}  // namespace regpass::auth
