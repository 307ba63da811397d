// In add mode: whether the client's own login goes first.
//
// Most clients send nothing until they are challenged, with a login and without. A challenge can be let through to them
// where a client without a login comes back with a token that can be recognised as nobody's: that one is replaced by
// ours. Registries whose token server gives no such token to an anonymous client are asked with our credential at once,
// or a client without a login would fail.
#include "forward/exchange/forwarding.hpp"
#include "regpass/base/text.hpp"

#include <utility>

namespace regpass::forward {

namespace {

constexpr std::string_view bearer = "Bearer ";

bool is_nobodys(const std::optional<auth::claims>& claims) {
  return claims && claims->subject.empty() && claims->access.has_value();
}

}  // namespace

async::task<void> forwarding::settle_login() {
  // A client that knows the registry by another address cannot be sent a challenge.
  if (injection() != auth::injection::add || what_.seen_as) co_return;
  if (asked().headers.count("Authorization") > 0) {
    ours_after_all_ = choice_.credential && brings_anonymous_token();
    co_return;
  }
  if (down_.body().has_body()) co_return;
  if (!choice_.credential) {
    client_first_ = true;
    co_return;
  }
  const auto wants = co_await known_requirement();
  if (!wants || wants->how != auth::requirement::kind::bearer) co_return;
  const auto realm = auth::decide_realm(wants->realm, what_.target.registry, realm_rules());
  if (!realm.allowed) co_return;
  auth::token_request request;
  request.realm = realm.url;
  request.service = wants->service;
  request.scopes = operation_->needed;
  auto order = order_for(*wants, realm, std::move(request));
  const auto delivery = co_await around_.shared.tokens.obtain(std::move(order));
  const auto& token = delivery.answer.token;
  if (!token || !is_nobodys(token->claims)) co_return;
  client_first_ = operation_->needed.empty() || !token->claims->access->covers(operation_->needed);
}

async::task<std::optional<auth::requirement>> forwarding::known_requirement() {
  auto known = around_.shared.hints.requirement_of(what_.target.registry, operation_->repository, pushes());
  if (known) co_return known;
  auto head = co_await probe();
  if (!head) co_return std::nullopt;  // the request itself will say why
  auto challenges = auth::challenges_of(head->headers);
  if (challenges) known = auth::requirement_of(*challenges);
  notes_.answered(*head, known);
  if (head->status == 401) learn(known, auth::probe{});
  co_await call_.discard();
  co_return known;
}

// A token that says it is nobody's and does not allow what is asked.
bool forwarding::brings_anonymous_token() const {
  const auto own = asked().headers.get("Authorization");
  if (!own || !iequals(own->substr(0, bearer.size()), bearer)) return false;
  const auto claims = auth::read_claims(trim(own->substr(bearer.size())));
  return is_nobodys(claims) && !claims->access->covers(operation_->needed);
}

}  // namespace regpass::forward
