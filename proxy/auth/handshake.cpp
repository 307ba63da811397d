#include "regpass/auth/handshake.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace regpass::auth {
namespace {

bool is_kind(const credential_ptr& credential, credential_kind kind) noexcept {
  return credential && credential->kind == kind;
}

// A Bearer challenge can be answered with any credential and with none; Basic only with user name and password.
bool usable(const std::optional<demand>& wants, const credential_ptr& credential) noexcept {
  if (!wants) return false;
  return wants->how == demand::kind::bearer || is_kind(credential, credential_kind::basic);
}

bool is_bearer(const std::optional<demand>& wants) noexcept {
  return wants && wants->how == demand::kind::bearer;
}

bool passes_client_through(const handshake_input& in) noexcept {
  return in.mode == injection::observe || (in.mode == injection::add && in.client_authorization);
}

// Only user and password fit into both forms. GET comes first because many token services know no other (GCR, GitLab,
// Gitea, Harbor).
bool other_form_left(const token_request& request, const token_failure& failure) noexcept {
  return failure.what == token_failure::kind::wrong_form && request.how == token_request::form::get &&
         is_kind(request.credential, credential_kind::basic);
}

// Something is asked for, and all of it is to pull.
bool only_pulls(const registry::scope_set& need) noexcept {
  const auto is_pull = [](const registry::scope& one) {
    return one.actions.size() == 1 && one.actions.contains("pull");
  };
  return !need.empty() && std::ranges::all_of(need.list(), is_pull);
}

bool is_refused(const std::optional<token_failure>& failure) noexcept {
  return failure && (failure->what == token_failure::kind::rejected || failure->what == token_failure::kind::forbidden);
}

bool falls_short(const token& got, const registry::scope_set& need) {
  return got.granted && !got.granted->covers(need);
}

int refusal_for(const std::optional<token_failure>& failure) noexcept {
  if (!failure) return 503;
  switch (failure->what) {
    case token_failure::kind::rejected:
    case token_failure::kind::forbidden:
    case token_failure::kind::wrong_form:
      return 403;
    case token_failure::kind::busy:
    case token_failure::kind::no_token:
    case token_failure::kind::transport:
      break;
  }
  return 503;
}

}  // namespace

action handshake::start() {
  using with = send::with;
  assert(state_ == state::start);
  if (passes_client_through(in_)) return go(state::fresh, send{with::client, nullptr});
  if (is_kind(in_.credential, credential_kind::bearer)) return go(state::fresh, send{with::bearer, nullptr});
  if (in_.cached) return go(state::cached, send{with::bearer, in_.cached});
  if (is_bearer(in_.known)) return pursue(*in_.known);
  if (usable(in_.known, in_.credential)) return go(state::basic, send{with::basic, nullptr});
  const bool pointless_to_probe = in_.known.has_value();
  if (in_.body == body_state::unread && !pointless_to_probe) return go(state::probing, probe{});
  return go(state::bare, send{with::bare, nullptr});
}

action handshake::on_response(int status, const std::optional<demand>& wants, bool challenged, bool body_started) {
  if (status == 401 && wants) learned_ = wants;
  const bool again = status == 401 && !body_started;  // there is a reason and a way to send it again
  const bool answerable = again && usable(wants, in_.credential);
  switch (state_) {
    case state::bare:
      if (answerable) return pursue(*wants);
      if (again && !challenged) return go(state::probing_late, probe{});
      break;
    case state::probed:
      if (answerable) return pursue(*wants);
      break;
    case state::probing:
    case state::probing_late:
      if (answerable) return pursue(*wants);
      return go(state_ == state::probing ? state::probed : state::fresh, send{send::with::bare, nullptr});
    case state::basic:
      if (again && is_bearer(wants)) return ask(*wants);
      if (again && only_pulls(in_.need)) return go(state::fresh, send{send::with::bare, nullptr});
      break;
    case state::cached:
      if (again) return renew(wants);
      if (status == 403 && !body_started && may_lack_scope()) return ask(*in_.known);
      break;
    default:
      break;
  }
  return go(state::done, deliver{});
}

action handshake::on_token(const token_answer& answer) {
  assert((state_ == state::asking || state_ == state::asking_again) && request_);
  if (!request_) return go(state::done, refuse{503});
  if (!answer.token) return without_token(answer.failure);
  const bool short_of = falls_short(*answer.token, in_.need);
  const bool was_refused = in_.credential && !request_->credential;
  if (short_of && was_refused) return go(state::done, refuse{refusal_});
  if (short_of && state_ == state::asking && request_->scopes != in_.need) {
    auto alone = *request_;
    alone.scopes = in_.need;
    return ask_again(std::move(alone));
  }
  return go(state::fresh, send{send::with::bearer, answer.token});
}

action handshake::without_token(const std::optional<token_failure>& failure) {
  if (in_.credential && !request_->credential) return go(state::done, refuse{refusal_});
  if (state_ == state::asking && failure && other_form_left(*request_, *failure)) {
    auto posted = *request_;
    posted.how = token_request::form::post;
    return ask_again(std::move(posted));
  }
  refusal_ = refusal_for(failure);
  if (state_ == state::asking && request_->credential && is_refused(failure) && only_pulls(in_.need)) {
    auto anonymous = *request_;
    anonymous.how = token_request::form::get;
    anonymous.credential = nullptr;
    return ask_again(std::move(anonymous));
  }
  return go(state::done, refuse{refusal_});
}

action handshake::ask_again(token_request other) {
  request_ = std::move(other);
  return go(state::asking_again, ask_token{*request_});
}

action handshake::go(state next, action what) {
  state_ = next;
  return what;
}

action handshake::pursue(const demand& wants) {
  if (wants.how == demand::kind::bearer) return ask(wants);
  return go(state::fresh, send{send::with::basic, nullptr});
}

action handshake::ask(const demand& wants) {
  learned_ = wants;
  realm_ = decide_realm(wants.realm, in_.registry, in_.realms);
  if (!realm_->allowed) return go(state::done, refuse{403});
  request_ = token_request{.how = first_form(in_.credential),
                           .realm = realm_->url,
                           .service = wants.service,
                           .scopes = in_.need,
                           .credential = in_.credential};
  return go(state::asking, ask_token{*request_});
}

// An opaque token for several scopes, of which its server may have honoured one.
bool handshake::may_lack_scope() const {
  return !in_.cached->granted && in_.cached->asked != in_.need && is_bearer(in_.known);
}

// A token that was granted too little would be granted too little again. Otherwise the endpoint that gave this one
// gives the next: Harbor answers a Bearer token that does not do with a Basic challenge, and nvcr.io with that of an
// endpoint that is of no use to everybody (NVIDIA/nvidia-container-toolkit#1945).
action handshake::renew(const std::optional<demand>& wants) {
  const auto& granted = in_.cached->granted;
  if (granted && !granted->covers(in_.need)) return go(state::done, deliver{});
  if (is_bearer(in_.known)) return ask(*in_.known);
  if (is_bearer(wants)) return ask(*wants);
  return go(state::done, deliver{});
}

}  // namespace regpass::auth
