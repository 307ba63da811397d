#include "regpass/auth/handshake.hpp"

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
  if (usable(in_.known, in_.credential)) return pursue(*in_.known);
  const bool pointless_to_probe = in_.known.has_value();
  if (in_.body == body_state::unread && !pointless_to_probe) return go(state::probing, probe{});
  return go(state::bare, send{with::bare, nullptr});
}

action handshake::on_response(int status, const std::optional<demand>& wants, bool body_started) {
  if (status == 401 && wants) learned_ = wants;
  const bool challenged = status == 401 && !body_started;
  switch (state_) {
    case state::bare:
      if (challenged && usable(wants, in_.credential)) return pursue(*wants);
      break;
    case state::probing:
      if (challenged && usable(wants, in_.credential)) return pursue(*wants);
      return go(state::bare, send{send::with::bare, nullptr});
    case state::cached:
      if (challenged) return renew(wants);
      break;
    default:
      break;
  }
  return go(state::done, deliver{});
}

action handshake::on_token(const token_answer& answer) {
  assert(state_ == state::asking && request_);
  if (state_ != state::asking || !request_) return go(state::done, refuse{503});
  if (answer.token) return go(state::fresh, send{send::with::bearer, answer.token});
  if (answer.failure && other_form_left(*request_, *answer.failure)) {
    request_->how = token_request::form::post;
    return go(state::asking, ask_token{*request_});
  }
  return go(state::done, refuse{refusal_for(answer.failure)});
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

// A token that was granted too little would be granted too little again. Harbor answers a Bearer token that does not do
// with a Basic challenge, so the challenge learned earlier serves when the new one is not of our kind.
action handshake::renew(const std::optional<demand>& wants) {
  const auto& granted = in_.cached->granted;
  if (granted && !granted->covers(in_.need)) return go(state::done, deliver{});
  if (is_bearer(wants)) return ask(*wants);
  if (is_bearer(in_.known)) return ask(*in_.known);
  return go(state::done, deliver{});
}

}  // namespace regpass::auth
