// The part of the driver that carries out the handshake's actions.
#include "forwarding.hpp"
#include "regpass/base/text.hpp"

#include <utility>

namespace regpass::forward {

namespace {

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
      co_await answer_error(status, http::fields());
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
    next = machine.on_response(head->status, wants, carrier_.body_started());
    if (head->status == 401) co_await drop_refused_token();
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

// Harbor answers a token that does not do with a Basic challenge: that says nothing about what it wants.
void forwarding::learn(const std::optional<auth::demand>& wants, const auth::action& sent) {
  if (!wants) return;
  const auto* how = std::get_if<auth::send>(&sent);
  const bool with_token = how != nullptr && how->how == auth::send::with::bearer;
  if (with_token && wants->how == auth::demand::kind::basic) return;
  around_.shared.memory.learn(what_.target.registry, *wants);
}

// Even when this request is lost with it (its body has started), the next one shall not meet it again. One that was
// granted less than asked stays: another one would be no better.
net::task<void> forwarding::drop_refused_token() {
  if (!cached_) co_return;
  const auto refused = std::exchange(cached_, nullptr);
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
    auto key = key_for(what_, *input.known, choice_.credential);
    input.cached = co_await around_.shared.tokens.cached(std::move(key), operation_->needed);
    note_cached(input.cached);
  }
  co_return input;
}

void forwarding::note_cached(const auth::token_ptr& token) {
  cache_ = token ? "hit" : "miss";
  if (!token) return;
  notes_.cached(*token);
  // A token that may not pull from the mount's source would have the push fail in ctr and BuildKit: an upload always
  // works.
  const bool refused_source = operation_->mount_from && token->granted && !token->granted->covers(operation_->needed);
  if (refused_source) strip_mount("the token does not allow to pull from the mount's source");
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
  cache_ = cache_ == "hit" ? "refreshed" : "miss";
  notes_.realm(machine.learned()->realm, *machine.realm());
  token_order wanted;
  wanted.key = key_for(what_, *machine.learned(), choice_.credential);
  wanted.request = order.request;
  wanted.newer_than = notes_.began();
  wanted.route =
      registry_route(*what_.registry, order.request.realm.origin, party::token_server, what_.snapshot->way_out);
  auto delivery = co_await around_.shared.tokens.obtain(std::move(wanted));
  notes_.token(order.request, delivery);
  const auto& token = delivery.answer.token;
  if (token && operation_->mount_from && token->granted && !token->granted->covers(operation_->needed)) {
    strip_mount("the token does not allow to pull from the mount's source");
  }
  co_return machine.on_token(delivery.answer);
}

net::task<bool> forwarding::retry_without_mount(const http::response_head& head) {
  const bool refused = head.status == 401 || head.status == 403;
  if (!refused || mount_stripped_ || !operation_->mount_from || carrier_.body_started()) co_return false;
  co_await carrier_.discard();
  strip_mount("the registry refused the mount");
  co_return true;
}

}  // namespace regpass::forward
