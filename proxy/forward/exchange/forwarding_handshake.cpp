// The part of the driver that carries out the handshake's actions.
#include "forward/exchange/forwarding.hpp"
#include "regpass/base/text.hpp"

#include <utility>

namespace regpass::forward {

namespace {

std::optional<auth::requirement> requirement_in(const http::response_head& head) {
  auto challenges = auth::challenges_of(head.headers);
  if (!challenges) return std::nullopt;
  return auth::requirement_of(*challenges);
}

std::string_view word(auth::send::with how) {
  switch (how) {
    case auth::send::with::bare:
      return "none";
    case auth::send::with::basic:
      return "basic";
    case auth::send::with::bearer:
      return "bearer";
    case auth::send::with::client:
      return "client";
  }
  return "none";
}

// The value of the Authorization field.
secret authorization(const auth::send& how, const auth::credential_ptr& credential) {
  using with = auth::send::with;
  if (how.how == with::basic) return auth::authorization_of(*credential);
  const auto& value = how.token ? how.token->value : credential->value;
  return secret("Bearer " + std::string(value.expose()));
}

}  // namespace

async::task<void> forwarding::serve() {
  auto input = co_await handshake_input();
  cached_ = input.cached;
  notes_.secrets().add(cached_);
  auth::handshake machine(std::move(input));
  auto next = machine.start();
  for (;;) {
    if (const auto* refusal = std::get_if<auth::refuse>(&next)) {
      const int status = refusal->status;
      if (machine.realm() && !machine.realm()->allowed) notes_.realm(machine.learned()->realm, *machine.realm());
      diagnosis::refused_answer original;
      original.headers = std::exchange(refused_with_, http::fields());
      original.body = std::exchange(refused_words_, std::string());
      co_await answer_error(status, std::move(original));
      co_return;
    }
    if (std::holds_alternative<auth::ask_token>(next)) {
      const auto order = std::get<auth::ask_token>(next);
      next = co_await ask(machine, order);
      continue;
    }
    auto head = co_await carry_out(next);
    if (!head) {
      co_await upstream_failed(head.error());
      co_return;
    }
    const auto wants = requirement_in(*head);
    notes_.answered(*head, wants);
    bool keeps = false;
    if (head->status == 401) {
      learn(wants, next);
      keeps = note_refused_token(next);
    }
    if (keeps) machine.keep_cached();
    if (head->status < 400 && is_fresh_token(next)) {
      around_.shared.hints.learn(what_.target.registry, operation_->repository, pushes(), *machine.learned());
    }
    const bool challenged = auth::has_challenge(head->headers);
    next = machine.on_response(head->status, wants, challenged, call_.body_started());
    const bool drops = !keeps && (head->status == 401 || std::holds_alternative<auth::ask_token>(next));
    if (drops) co_await drop_refused_token();
    if (std::holds_alternative<auth::deliver>(next)) {
      auto again = co_await retry_without_mount(*head);
      if (again) {
        co_await serve();
      } else {
        co_await deliver(std::move(*head));
      }
      co_return;
    }
    co_await call_.discard();
  }
}

async::task<result<http::response_head>> forwarding::carry_out(const auth::action& next) {
  if (std::holds_alternative<auth::probe>(next)) {
    auto answer = co_await probe();
    co_return answer;
  }
  auto answer = co_await send(std::get<auth::send>(next));
  co_return answer;
}

// What is said to a token that has been good says nothing about where to get the next, unless it names another service
// there (see handshake::renew). Harbor answers every token that does not do with a Basic challenge. A realm that may
// not be used is not learned: it would have every later request refused on the word of one answer. What /v2/ says it
// says of the registry as a whole.
void forwarding::learn(const std::optional<auth::requirement>& wants, const auth::action& sent) {
  if (!wants) return;
  const auto* how = std::get_if<auth::send>(&sent);
  const bool with_token = how != nullptr && how->how == auth::send::with::bearer;
  const bool was_good = with_token && cached_ && how->token == cached_;
  const auto& host = what_.target.registry;
  const bool bearer = wants->how == auth::requirement::kind::bearer;
  if (with_token && !bearer) return;
  if (was_good) {
    const auto known = around_.shared.hints.requirement_of(host, operation_->repository, pushes());
    if (!known || known->realm != wants->realm) return;
  }
  if (bearer && !auth::decide_realm(wants->realm, host, realm_rules()).allowed) return;
  const bool probed = std::holds_alternative<auth::probe>(sent);
  around_.shared.hints.learn(host, probed ? std::string_view() : operation_->repository, pushes(), *wants);
}

bool forwarding::is_fresh_token(const auth::action& sent) const {
  const auto* how = std::get_if<auth::send>(&sent);
  return how != nullptr && how->token && how->token != cached_;
}

bool forwarding::note_refused_token(const auth::action& sent) {
  const auto at = now().steady;
  if (is_fresh_token(sent)) {
    around_.shared.hints.refuse_fresh(std::get<auth::send>(sent).token, at);
    return false;
  }
  const auto* how = std::get_if<auth::send>(&sent);
  const bool refused = cached_ && how != nullptr && how->token == cached_;
  // A wider one says nothing about a token for this alone.
  return refused && cached_->asked == operation_->needed && around_.shared.hints.was_refused_fresh(cached_, at);
}

async::task<result<http::response_head>> forwarding::send(const auth::send& how) {
  authorize(how);
  const bool ready_made = how.how == auth::send::with::bearer && !how.token;
  if (ready_made) notes_.ready_made(*choice_.credential);
  // The handshake leaves a refused credential out where it may.
  passed_over_ = how.how == auth::send::with::bare ? passed_over_ || sent_basic_
                                                   : passed_over_ && how.how != auth::send::with::basic;
  sent_basic_ = how.how == auth::send::with::basic;
  sent_ = how;
  const bool brought_none = how.how == auth::send::with::client && head_.headers.count("Authorization") == 0;
  const auto shown = brought_none ? "none" : word(how.how);
  auto answer = co_await call_.send(head_, shown, true, false);
  co_return answer;
}

void forwarding::authorize(const auth::send& how) {
  using with = auth::send::with;
  auto& headers = head_.headers;
  if (how.how == with::client) {
    const auto own = asked().headers.get("Authorization");
    if (own && headers.count("Authorization") == 0) headers.add("Authorization", *own);
    return;
  }
  headers.erase("Authorization");
  if (how.how == with::basic || how.how == with::bearer) {
    headers.add("Authorization", authorization(how, choice_.credential).expose());
  }
}

async::task<result<http::response_head>> forwarding::probe() {
  http::request_head head;
  head.method = "GET";
  head.target = "/v2/";
  head.headers.add("Host", http::authority(what_.target.origin));
  head.headers.add("User-Agent", "regpass");
  auto answer = co_await call_.send(head, "none", false, true);
  co_return answer;
}

async::task<bool> forwarding::retry_without_mount(const http::response_head& head) {
  const bool refused = head.status == 401 || head.status == 403;
  if (!refused || injection() == auth::injection::observe || mount_stripped_ || !operation_->mount_from ||
      call_.body_started())
    co_return false;
  co_await call_.discard();
  strip_mount("the registry refused the mount");
  co_return true;
}

}  // namespace regpass::forward
