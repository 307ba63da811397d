// The part of the driver that deals with tokens: those that are there, and those that are asked for.
#include "forward/exchange/forwarding.hpp"

#include <algorithm>
#include <utility>

namespace regpass::forward {

namespace {

// What a client is told to wait at most, whatever the token server says.
constexpr std::chrono::seconds longest_wait{60};

auth::token_key key_for(const forward_request& what, const auth::requirement& known,
                        const auth::credential_ptr& credential) {
  return auth::token_key{what.target.registry, known.realm, known.service, credential ? credential->generation : 0};
}

}  // namespace

auth::realm_rules forwarding::realm_rules() const {
  const auto& options = what_.registry->options;
  // A client certificate says who we are, too, and an unverified server may be anybody.
  const bool anonymous = !choice_.credential && options.trust.client_cert_file.empty() && !options.trust.skip_verify;
  return {what_.target.origin, options.realms, anonymous};
}

async::task<auth::handshake_input> forwarding::handshake_input() {
  auth::handshake_input input;
  input.need = operation_->needed;
  input.credential = choice_.credential;
  input.known = around_.shared.hints.requirement_of(what_.target.registry, operation_->repository, pushes());
  input.body = down_.body().has_body() ? auth::body_state::unread : auth::body_state::none;
  input.mode = injection();
  input.client_authorization = asked().headers.count("Authorization") > 0 && !ours_after_all_;
  input.registry = what_.target.registry;
  input.realms = realm_rules();
  const bool client_speaks =
      input.mode == auth::injection::observe || (input.mode == auth::injection::add && input.client_authorization);
  if (client_speaks || !input.known) co_return input;
  if (input.known->how == auth::requirement::kind::basic) {
    if (goes_without()) input.known.reset();
    co_return input;
  }
  input.cached = co_await cached_token(*input.known);
  if (mount_stripped_) input.need = operation_->needed;
  co_return input;
}

async::task<auth::token_ptr> forwarding::cached_token(const auth::requirement& known) {
  const auto key = key_for(what_, known, choice_.credential);
  auto token = co_await around_.shared.tokens.cached(key, operation_->needed);
  if (token && shall_strip_mount(*token)) {
    notes_.cached(*token);
    token = co_await around_.shared.tokens.cached(key, operation_->needed);
  }
  cache_ = token ? "hit" : "miss";
  if (!token) co_return nullptr;
  notes_.cached(*token);
  if (token->renewal_due(now().steady)) renew_ahead(known, *token);
  co_return token;
}

// A Basic credential that was refused is not tried first again with every blob of a public image: accounts get locked.
bool forwarding::goes_without() {
  if (!choice_.credential || operation_->action != registry::action::pull) return false;
  passed_over_ = around_.shared.hints.is_refused(choice_.credential->generation);
  return passed_over_;
}

// By the configuration and the credential of now: a realm whose approval was taken back gets nothing more.
void forwarding::renew_ahead(const auth::requirement& known, const auth::token& token) {
  const auto realm = auth::decide_realm(known.realm, what_.target.registry, realm_rules());
  if (!realm.allowed) return;
  around_.shared.tokens.renew(order_for(known, realm,
                                        auth::token_request{.how = token.how,
                                                            .realm = realm.url,
                                                            .service = known.service,
                                                            .scopes = token.asked,
                                                            .credential = choice_.credential}));
}

// A realm that is asked because nothing secret goes there may be at the addresses that any other host may have.
token_query forwarding::order_for(const auth::requirement& known, const auth::realm_decision& realm,
                                  auth::token_request request) const {
  token_query made;
  made.key = key_for(what_, known, request.credential);
  made.route =
      registry_route(*what_.registry, request.realm.origin, party::token_server, what_.snapshot->upstream_proxy);
  if (realm.foreign) made.route.allowed = filter_for(rule_for(target(), decision(), *what_.snapshot));
  made.request = std::move(request);
  return made;
}

// A token that may not pull from the mount's source would have the push fail in ctr and BuildKit: an upload always
// works.
bool forwarding::shall_strip_mount(const auth::token& token) {
  if (!operation_->mount_from || !token.granted || token.granted->covers(operation_->needed)) return false;
  strip_mount("the token does not allow to pull from the mount's source");
  return true;
}

async::task<auth::action> forwarding::ask(auth::handshake& machine, const auth::ask_token& order) {
  cache_ = cache_ == "hit" || cache_ == "refreshed" ? "refreshed" : "miss";
  if (std::exchange(noted_realm_, machine.learned()->realm) != machine.learned()->realm) {
    notes_.realm(machine.learned()->realm, *machine.realm());
  }
  auto wanted = order_for(*machine.learned(), *machine.realm(), order.request);
  wanted.newer_than = newer_than_;
  auto delivery = co_await around_.shared.tokens.obtain(std::move(wanted));
  notes_.secrets().add(delivery.answer.token);
  if (!note_refused_address(*machine.learned(), *machine.realm(), delivery)) notes_.token(order.request, delivery);
  const auto& token = delivery.answer.token;
  passed_over_ = token && choice_.credential && !order.request.credential;
  if (token && shall_strip_mount(*token)) machine.narrow(operation_->needed);
  if (delivery.answer.failure) note_failure(*delivery.answer.failure);
  co_return machine.on_token(delivery.answer);
}

void forwarding::note_failure(const auth::token_failure& failure) {
  using kind = auth::token_failure::kind;
  const bool answered = failure.what != kind::transport && failure.what != kind::no_token;
  if (answered && !failure.message.empty()) refused_words_ = notes_.secrets().relayed(failure.message);
  if (!failure.retry_after) return;
  refused_with_.set("Retry-After", std::to_string(std::min(*failure.retry_after, longest_wait).count()));
}

// To the user a realm that may be asked by its origin and not by its address is a realm that is refused.
bool forwarding::note_refused_address(const auth::requirement& named, const auth::realm_decision& realm,
                                      token_result& delivery) {
  auto& failure = delivery.answer.failure;
  if (!realm.foreign || !failure || !failure->problem || failure->problem->code != errc::denied) return false;
  failure->what = auth::token_failure::kind::forbidden;
  auto refused = realm;
  refused.allowed = false;
  refused.why = failure->problem->detail;
  notes_.realm(named.realm, refused);
  return true;
}

// Even when this request is lost with it (its body has started), the next one shall not meet it again. One that was
// granted less than asked stays, and so does one that was refused when fresh: another one would be no better.
async::task<void> forwarding::drop_refused_token() {
  if (!cached_) co_return;
  const auto refused = std::exchange(cached_, nullptr);
  newer_than_ = std::max(notes_.began(), refused->obtained_at + steady_time::duration(1));
  if (refused->granted && !refused->granted->covers(operation_->needed)) co_return;
  if (around_.shared.hints.was_refused_fresh(refused, now().steady)) co_return;
  co_await around_.shared.tokens.forget(refused);
}

// What a success says about it.
void forwarding::note_credential() {
  if (sent_basic_ && choice_.credential) around_.shared.hints.accept(choice_.credential->generation);
  passed_over_now_ = passed_over_ && around_.shared.hints.refuse(choice_.credential->generation);
}

}  // namespace regpass::forward
