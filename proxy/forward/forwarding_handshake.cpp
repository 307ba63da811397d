// The part of the driver that carries out the handshake's actions.
#include "forwarding.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <utility>

namespace regpass::forward {

namespace {

// What a client is told to wait at most, whatever the token server says.
constexpr std::chrono::seconds longest_wait{60};

std::optional<auth::demand> demand_in(const http::response_head& head) {
  auto challenges = auth::challenges_of(head.headers);
  if (!challenges) return std::nullopt;
  return auth::demand_of(*challenges);
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
  if (how.how == with::basic) {
    secret pair(credential->username + ":" + std::string(credential->value.expose()));
    return secret("Basic " + base64(pair.expose()));
  }
  const auto& value = how.token ? how.token->value : credential->value;
  return secret("Bearer " + std::string(value.expose()));
}

auth::token_key key_for(const forward_request& what, const auth::demand& known,
                        const auth::credential_ptr& credential) {
  return auth::token_key{what.target.registry, known.realm, known.service, credential ? credential->generation : 0};
}

}  // namespace

net::task<void> forwarding::serve() {
  auto input = co_await handshake_input();
  cached_ = input.cached;
  auth::handshake machine(std::move(input));
  auto next = machine.start();
  for (;;) {
    if (const auto* refusal = std::get_if<auth::refuse>(&next)) {
      const int status = refusal->status;
      if (machine.realm() && !machine.realm()->allowed) notes_.realm(machine.learned()->realm, *machine.realm());
      auto fields = std::exchange(refused_with_, http::fields());
      co_await answer_error(status, std::move(fields));
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
    const auto wants = demand_in(*head);
    notes_.answered(*head, wants);
    if (head->status == 401) learn(wants, next);
    const bool challenged = head->headers.count("WWW-Authenticate") > 0;
    next = machine.on_response(head->status, wants, challenged, carrier_.body_started());
    if (head->status == 401 || std::holds_alternative<auth::ask_token>(next)) co_await drop_refused_token();
    if (std::holds_alternative<auth::deliver>(next)) {
      auto again = co_await retry_without_mount(*head);
      if (again) {
        co_await serve();
      } else {
        co_await deliver(std::move(*head));
      }
      co_return;
    }
    co_await carrier_.discard();
  }
}

net::task<result<http::response_head>> forwarding::carry_out(const auth::action& next) {
  if (std::holds_alternative<auth::probe>(next)) {
    auto answer = co_await probe();
    co_return answer;
  }
  auto answer = co_await send(std::get<auth::send>(next));
  co_return answer;
}

// What is said to a token that has been good says nothing about where to get the next (see handshake::renew). Harbor
// answers every token that does not do with a Basic challenge.
void forwarding::learn(const std::optional<auth::demand>& wants, const auth::action& sent) {
  if (!wants) return;
  const auto* how = std::get_if<auth::send>(&sent);
  const bool with_token = how != nullptr && how->how == auth::send::with::bearer;
  const bool was_good = with_token && cached_ && how->token == cached_;
  if (was_good || (with_token && wants->how == auth::demand::kind::basic)) return;
  around_.shared.memory.learn(what_.target.registry, *wants);
}

// Even when this request is lost with it (its body has started), the next one shall not meet it again. One that was
// granted less than asked stays: another one would be no better.
net::task<void> forwarding::drop_refused_token() {
  if (!cached_) co_return;
  const auto refused = std::exchange(cached_, nullptr);
  newer_than_ = notes_.began();
  if (refused->granted && !refused->granted->covers(operation_->needed)) co_return;
  co_await around_.shared.tokens.forget(refused);
}

net::task<auth::handshake_input> forwarding::handshake_input() {
  auth::handshake_input input;
  input.need = operation_->needed;
  input.credential = choice_.credential;
  input.known = around_.shared.memory.demand_of(what_.target.registry);
  input.body = down_.body().has_body() ? auth::body_state::unread : auth::body_state::none;
  input.mode = what_.registry->options.injection;
  input.client_authorization = asked().headers.count("Authorization") > 0;
  input.registry = what_.target.registry;
  input.realms.registry = what_.target.origin;
  input.realms.approved = what_.registry->options.realms;
  const bool client_speaks =
      input.mode == auth::injection::observe || (input.mode == auth::injection::add && input.client_authorization);
  if (!client_speaks && input.known && input.known->how == auth::demand::kind::bearer) {
    const auto key = key_for(what_, *input.known, choice_.credential);
    input.cached = co_await around_.shared.tokens.cached(key, operation_->needed);
    if (input.cached && shall_strip_mount(*input.cached)) {
      notes_.cached(*input.cached);
      input.cached = co_await around_.shared.tokens.cached(key, operation_->needed);
    }
    input.need = operation_->needed;
    cache_ = input.cached ? "hit" : "miss";
    if (input.cached) notes_.cached(*input.cached);
    if (!input.cached && around_.shared.memory.is_doubtful(what_.target.registry)) input.known.reset();
  }
  co_return input;
}

// A token that may not pull from the mount's source would have the push fail in ctr and BuildKit: an upload always
// works.
bool forwarding::shall_strip_mount(const auth::token& token) {
  if (!operation_->mount_from || !token.granted || token.granted->covers(operation_->needed)) return false;
  strip_mount("the token does not allow to pull from the mount's source");
  return true;
}

net::task<result<http::response_head>> forwarding::send(const auth::send& how) {
  using with = auth::send::with;
  auto head = head_;
  if (how.how == with::basic || how.how == with::bearer) {
    head.headers.add("Authorization", authorization(how, choice_.credential).expose());
  } else if (how.how == with::client && head.headers.count("Authorization") == 0) {
    const auto own = asked().headers.get("Authorization");
    if (own) head.headers.add("Authorization", *own);
  }
  const auto shown = word(how.how);
  auto answer = co_await carrier_.send(head, shown, true, false);
  co_return answer;
}

net::task<result<http::response_head>> forwarding::probe() {
  http::request_head head;
  head.method = "GET";
  head.target = "/v2/";
  head.headers.add("Host", http::authority(what_.target.origin));
  head.headers.add("User-Agent", "regpass");
  auto answer = co_await carrier_.send(head, "none", false, true);
  co_return answer;
}

net::task<auth::action> forwarding::ask(auth::handshake& machine, const auth::ask_token& order) {
  cache_ = cache_ == "hit" || cache_ == "refreshed" ? "refreshed" : "miss";
  if (std::exchange(noted_realm_, machine.learned()->realm) != machine.learned()->realm) {
    notes_.realm(machine.learned()->realm, *machine.realm());
  }
  token_order wanted;
  wanted.key = key_for(what_, *machine.learned(), order.request.credential);
  wanted.request = order.request;
  wanted.newer_than = newer_than_;
  wanted.route =
      registry_route(*what_.registry, order.request.realm.origin, party::token_server, what_.snapshot->way_out);
  auto delivery = co_await around_.shared.tokens.obtain(std::move(wanted));
  notes_.token(order.request, delivery);
  note_anonymous(order.request, delivery);
  const auto& token = delivery.answer.token;
  if (token && shall_strip_mount(*token)) machine.narrow(operation_->needed);
  if (delivery.answer.failure) note_failure(*delivery.answer.failure);
  co_return machine.on_token(delivery.answer);
}

void forwarding::note_failure(const auth::token_failure& failure) {
  using kind = auth::token_failure::kind;
  if (failure.what == kind::transport || failure.what == kind::no_token || failure.what == kind::wrong_form) {
    around_.shared.memory.doubt(what_.target.registry);
  }
  if (!failure.retry_after) return;
  refused_with_.set("Retry-After", std::to_string(std::min(*failure.retry_after, longest_wait).count()));
}

// Once for each time that the token server was really asked.
void forwarding::note_anonymous(const auth::token_request& request, const token_delivery& delivery) const {
  if (request.credential || !choice_.credential || !delivery.answer.token || delivery.shared) return;
  const auto host = registry::to_text(what_.target.registry);
  log::write(log::level::warn, "credential-passed-over",
             host + " refused the credential of " + choice_.credential->source + "; " + operation_->repository +
                 " is pulled without: renew it or take it out",
             {{"id", notes_.seen().id},
              {"registry", host},
              {"repository", operation_->repository},
              {"source", choice_.credential->source},
              {"key", choice_.credential->key},
              {"username", choice_.credential->username}});
}

net::task<bool> forwarding::retry_without_mount(const http::response_head& head) {
  const bool refused = head.status == 401 || head.status == 403;
  if (!refused || mount_stripped_ || !operation_->mount_from || carrier_.body_started()) co_return false;
  co_await carrier_.discard();
  strip_mount("the registry refused the mount");
  co_return true;
}

}  // namespace regpass::forward
