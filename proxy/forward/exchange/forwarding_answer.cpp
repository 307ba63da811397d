// The part of the driver that answers the client: the registry's response, or a refusal made readable.
#include "diagnosis/present/annotate.hpp"
#include "forward/exchange/forwarding.hpp"
#include "forward/exchange/upstream_head.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/content_coding.hpp"
#include "regpass/registry/manifest.hpp"

namespace regpass::forward {

namespace {

// How much of a refusal's body is read for the explanation before the client gets it.
constexpr std::size_t excerpt_cap = 64 * 1024;
constexpr std::size_t decoded_cap = 4 * excerpt_cap;

// 503 invites a retry, 504 reports a timeout, 502 an unusable response. Never 401: clients would start a token request
// of their own (docs/clients-on-the-wire.md, rule 1).
int status_for(const error& problem) {
  switch (problem.code) {
    case errc::denied:
      return 403;
    case errc::timed_out:
      return 504;
    case errc::unresolved:
    case errc::refused:
    case errc::unreachable:
    case errc::reset:
    case errc::closed:
    case errc::cancelled:
      return 503;
    case errc::truncated:
      return problem.answer_started ? 502 : 503;
    default:
      return 502;
  }
}

// Of crane, ko, cosign and others. What it prints of a failed ping is the body; the HEAD of a tag that would come next
// ends its push with nothing but the status.
bool prints_failed_ping(std::string_view agent) {
  return agent.find("go-containerregistry") != std::string_view::npos;
}

// These ask for a manifest by its digest before they push it, and push what is not there. containerd asks for what it
// is about to pull, and would call it not found.
bool asks_before_pushing(std::string_view agent) {
  return agent.starts_with("Helm/") || agent.starts_with("oras") || prints_failed_ping(agent);
}

// Whether the client goes on when it reads that there is no such thing. By tag it does not: `oras manifest delete
// --force` would call a manifest deleted.
bool is_optional_head(const registry::operation& op, std::string_view agent) {
  if (op.endpoint == registry::endpoint::blob) return true;
  const bool by_digest = op.reference.find(':') != std::string::npos;
  return op.endpoint == registry::endpoint::manifest && by_digest && asks_before_pushing(agent);
}

facade facade_of(const forward_request& what) {
  return what.seen_as.value_or(facade{.registry = what.target.origin, .shown = what.target.origin});
}

}  // namespace

async::task<void> forwarding::deliver(http::response_head head) {
  const bool ours = what_.registry != nullptr && injection() != auth::injection::observe;
  const bool served = ours && !without_credentials();
  auto& seen = notes_.seen();
  seen.status = served && head.status == 401 ? 403 : head.status;
  const auto body_framing = call_.response_body();
  std::optional<std::string> refusal_body;
  note_redirect(head);
  note_push(head);
  if (own_request_) {
    const auto body = co_await call_.excerpt(excerpt_cap);
    notes_.token(*own_request_, token_result{auth::read_answer(*own_request_, head, body, now()), false});
  } else if (head.status >= 400) {
    const auto body = co_await call_.excerpt(excerpt_cap);
    refusal_body = readable_body(head.headers, body);
    notes_.said(refusal_body ? *refusal_body : body);
    co_await ask_for_reason(head);
  }
  if (head.status >= 400) note_searched();
  if (head.status >= 400 && served) mask(head);
  if (served) remember_location(head);
  const bool lost = lost_upload(head);
  if (lost) seen.status = 403;
  const auto explained = head.status >= 400 && (served || lost) ? diagnosis::diagnose(seen) : std::nullopt;
  if ((served || lost) && ((explained && what_.snapshot->annotate) || head.status == 401)) {
    rewrite_references(head.headers, facade_of(what_), asked().target);
    if (refusal_body) *refusal_body = notes_.secrets().relayed(*refusal_body);
    diagnosis::refused_answer original{std::move(head.headers), std::move(refusal_body)};
    if (asked().method == "HEAD") original.body.emplace();
    co_await answer_error(seen.status, std::move(original));
    co_return;
  }
  // What is broken from its first byte on can still be answered with a reason.
  if (!asked_for_reason_) {
    auto begun = co_await call_.begin();
    if (!begun) {
      co_await upstream_failed(begun.error());
      co_return;
    }
  }
  if (head.status < 400) note_credential();
  if (what_.registry) rewrite_references(head.headers, facade_of(what_), asked().target);
  // A challenge would lead a client to the registry itself that knows it only by another address.
  downstream_head(head, ours || (what_.registry && what_.seen_as));
  auto answered = co_await down_.respond(std::move(head), body_framing);
  if (answered && asked_for_reason_) {
    answered = co_await down_.finish(http::fields());  // the relay holds another answer; this one has no body
  } else if (answered) {
    answered = co_await call_.relay();
  }
  if (answered || down_.delivered()) co_return;
  seen.status = 0;
  notes_.failed(answered.error());
}

// A registry may repeat in its refusal what was sent to it, which its client must not see.
void forwarding::mask(http::response_head& refusal) {
  refusal.reason = notes_.secrets().relayed(refusal.reason);
  notes_.secrets().mask(refusal.headers);
}

// Of a body that was cut off, what came is text of the error that we write; nothing of it could be sent on as it is.
std::optional<std::string> forwarding::readable_body(const http::fields& head, std::string_view body) const {
  const bool whole = call_.excerpt_is_all();
  if (!whole && body.size() >= excerpt_cap) return std::nullopt;
  auto text = http::decode_content(head, body, decoded_cap);
  if (whole) return text;
  constexpr std::size_t longest_escape = 4;  // "\x00"
  return text ? clean(*text, text->size() * longest_escape) : std::string();
}

async::task<void> forwarding::answer_error(int status, diagnosis::refused_answer original) {
  auto& seen = notes_.seen();
  seen.status = status == 401 ? 403 : status;
  note_searched();
  explained_ = diagnosis::diagnose(seen);
  const bool say = explained_ && what_.snapshot->annotate;
  auto later = say ? postponed() : std::nullopt;
  if (later) {
    sent_status_ = later->status;
    const std::string_view empty_object = sent_status_ == 200 ? "{}" : "";
    co_await write(std::move(*later), empty_object);
    co_return;
  }
  auto answer = say ? diagnosis::make_error(seen.status, *explained_, seen.id, original)
                    : diagnosis::make_plain_error(seen.status, "the request was refused; the log of regpass says why",
                                                  seen.id, original);
  if (status == 503 && answer.head.headers.count("Retry-After") == 0) answer.head.headers.add("Retry-After", "1");
  if (answer.body_as_received) {
    co_await relay_refusal(std::move(answer.head));
  } else {
    co_await write(std::move(answer.head), answer.body);
  }
}

async::task<void> forwarding::relay_refusal(http::response_head head) {
  const auto body_framing = call_.response_body();
  auto answered = co_await down_.respond(std::move(head), body_framing);
  if (answered) answered = co_await call_.relay();
  if (answered) co_return;
  notes_.seen().status = 0;
  notes_.failed(answered.error());
}

// A refused ping becomes a ping that succeeds, and a refused HEAD says that there is nothing, where that leads the
// client to a request whose refusal it prints. Measured: skopeo, buildah and podman print nothing but the number for a
// refused ping, and nobody prints more of a HEAD.
std::optional<http::response_head> forwarding::postponed() const {
  const int refused = notes_.seen().status;
  const bool is_refusal = refused == 403 || refused == 429 || refused >= 500;
  if (!operation_ || !is_refusal) return std::nullopt;
  const auto agent = asked().headers.get("User-Agent").value_or("");
  const bool ping = operation_->endpoint == registry::endpoint::base;
  if (ping && refused >= 500 && prints_failed_ping(agent)) return std::nullopt;
  if (!ping && !(asked().method == "HEAD" && is_optional_head(*operation_, agent))) return std::nullopt;
  http::response_head head;
  head.status = ping ? 200 : 404;
  head.reason = http::reason_phrase(head.status);
  head.headers.add("Content-Type", "application/json");
  head.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
  head.headers.add("X-Regpass-Cause", explained_->cause);
  head.headers.add("X-Regpass-Id", notes_.seen().id);
  head.headers.add("Warning", diagnosis::warning_value(*explained_, notes_.seen().id));
  return head;
}

async::task<void> forwarding::write(http::response_head head, std::string_view body) {
  const http::framing counted{.how = http::framing::kind::counted, .length = body.size()};
  auto written = co_await down_.respond(std::move(head), counted);
  if (written) written = co_await down_.write_last(body, http::fields());
  if (written || down_.delivered()) co_return;
  notes_.failed(written.error());
}

async::task<void> forwarding::upstream_failed(error problem) {
  notes_.failed(problem);
  const auto& theirs = call_.client_problem();
  const bool malformed = theirs && (theirs->code == errc::bad_message || theirs->code == errc::too_large);
  if (down_.responded() || (theirs && !malformed)) {
    notes_.seen().status = 0;
    down_.abort();
    co_return;
  }
  const int status = malformed ? 400 : status_for(problem);
  co_await answer_error(status, diagnosis::refused_answer());
}

// Its path is none of the API, so that it got no credential, and the client brought none.
bool forwarding::lost_upload(const http::response_head& refused) const {
  if (refused.status != 401 && refused.status != 403) return false;
  if (what_.registry == nullptr || operation_ || head_.headers.count("Authorization") > 0) return false;
  if (what_.registry->options.injection == auth::injection::observe) return false;
  return asked().method == "PATCH" || asked().method == "PUT";
}

// Evidence about pushed manifests, which cost nothing to those that are accepted.
void forwarding::note_push(const http::response_head& head) {
  if (!operation_ || operation_->action != registry::action::push) return;
  auto& seen = notes_.seen();
  auto& pushes = around_.shared.stores.pushes;
  const bool blob = operation_->endpoint == registry::endpoint::upload && asked().method == "PUT";
  if (blob && head.status / 100 == 2) pushes.record(seen.registry, seen.repository, now().steady);
  if (!pushes_manifest() || head.status < 400) return;
  seen.blob_pushed_meanwhile = pushes.pushed_since(seen.registry, seen.repository, notes_.began());
  seen.manifest_type = clean(asked().headers.get("Content-Type").value_or(""), 128);
  if (const auto* body = call_.kept_request()) {
    seen.manifest_bytes = static_cast<std::int64_t>(body->size());
    seen.manifest_flaw = registry::manifest_flaw(*body, seen.manifest_type);
  } else if (!down_.body().has_body()) {
    seen.manifest_bytes = 0;
    seen.manifest_flaw = registry::manifest_flaw({}, seen.manifest_type);
  }
}

// Where a client that follows a redirect gets a credential again.
void forwarding::note_redirect(const http::response_head& head) {
  const auto location = head.status / 100 == 3 ? head.headers.get("Location") : std::nullopt;
  const auto there = location ? http::parse_absolute(*location) : fail(errc::bad_input, "no Location");
  if (!there) return;
  const auto named = registry::make_host(there->origin.host, there->origin.port);
  if (what_.snapshot->find(named) != nullptr) notes_.leads_to_served_registry();
}

// Not what a finished upload leads to: that is a blob, with rights of its own.
void forwarding::remember_location(const http::response_head& head) {
  const bool of_upload =
      operation_->endpoint == registry::endpoint::upload_start || operation_->endpoint == registry::endpoint::upload;
  const bool goes_on = head.status < 400 ? head.status != 201 : head.status == 416;
  if (!of_upload || !goes_on) return;
  const auto location = head.headers.get("Location");
  if (!location) return;
  // An upload that goes to another origin gets no credential there, whatever its path.
  const auto target = own_target(what_.target.origin, asked().target, *location);
  if (!target) return;
  auto& memory = around_.shared.hints;
  const auto usual = registry::parse_operation("PATCH", *target);
  const bool plain = usual && usual->repository == operation_->repository;
  if (plain && !memory.repository_of(what_.target.registry, *target)) return;
  memory.remember_upload(what_.target.registry, *target, operation_->repository);
}

}  // namespace regpass::forward
