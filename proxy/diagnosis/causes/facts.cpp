#include "diagnosis/causes/facts.hpp"

#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/record/seconds.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/origin.hpp"
#include "regpass/registry/operation.hpp"

#include <chrono>
#include <utility>

namespace regpass::diagnosis {
namespace {

// Sent by an intermediary: an HTML page without any sign of the registry API.
bool is_from_between(const answered_step& a) {
  constexpr std::string_view html = "text/html";
  return !a.api_version && a.errors.empty() && a.challenges.empty() &&
         iequals(std::string_view(a.content_type).substr(0, html.size()), html);
}

// The client sent something invalid, as opposed to a client that disconnected.
bool is_refusal_of_ours(const error& e) {
  if (e.code == errc::denied) return true;
  return e.who == party::client &&
         (e.code == errc::bad_message || e.code == errc::bad_input || e.code == errc::too_large ||
          e.code == errc::unsupported || e.code == errc::wrong_name || e.code == errc::not_found);
}

std::optional<registry::scope_set> granted_by(const std::optional<std::string>& text,
                                              const std::optional<auth::claims>& claims) {
  if (text) {
    auto scopes = registry::parse_scopes(*text);
    if (scopes) return *scopes;
  }
  return claims ? claims->access : std::nullopt;
}

// Processes the steps in order; a later step overrides an earlier one.
class reader {
 public:
  explicit reader(facts& f) : f_(f) {}

  void read(const timed_step& timed) {
    at_ms_ = timed.at_ms;
    std::visit([this](const auto& s) { on(s); }, timed.step);
  }

  void finish() {
    if (f_.granted) f_.lacking = f_.seen->needed.minus(*f_.granted);
    f_.registry_time_s = registry_time();
    const bool refused = f_.last_answer != nullptr && f_.last_answer->status == 401;
    if (!refused || !has_token_) return;
    f_.token_over_s = over_by_claims();
    if (!f_.token_over_s) f_.token_over_s = over_by_promise();
  }

 private:
  void on(const sent_step& s) {
    explaining_ = s.explains;
    if (s.explains) return;
    probing_ = s.probe;
    asking_ = false;
    if (s.probe) return;
    // A cached token endpoint failed, so the registry is asked for its challenge again.
    asked_anew_ = !anonymously_ && s.authorization == authorization_kind::none && has_failed_token();
    if (asked_anew_) return;
    anonymously_ = anonymously_ ||
                   (f_.sent_authorization == authorization_kind::basic && s.authorization == authorization_kind::none);
    if (!anonymously_) f_.sent_authorization = s.authorization;
  }

  void on(const answered_step& s) {
    if (s.clock_difference_s && is_plausible(*s.clock_difference_s)) f_.clock_difference_s = s.clock_difference_s;
    if (explaining_) return retell(s);
    if (probing_) return;
    // An anonymous request that is refused as well does not change the refusal of the credential.
    if (anonymously_ && (s.status == 401 || s.status == 403)) return;
    // The challenge says nothing new: the answer of the token endpoint was decisive.
    if (asked_anew_ && s.status >= 400) {
      if (f_.last_answer == nullptr) f_.last_answer = &s;
      return;
    }
    if (asked_anew_) f_.sent_authorization = authorization_kind::none;
    f_.passed_over = anonymously_ && s.status < 400;
    f_.last_answer = &s;
    answered_at_ms_ = at_ms_;
    f_.decided_by = is_from_between(s) ? speaker::intermediary : speaker::registry;
  }

  void on(const realm_step& s) {
    f_.refused_realm = s.allowed ? nullptr : &s;
    if (!s.allowed) f_.decided_by = speaker::regpass;
  }

  // The GET has the message that the HEAD could not have; a different status says nothing about the refusal.
  void retell(const answered_step& s) {
    if (f_.last_answer == nullptr || f_.last_answer->status != s.status) return;
    f_.last_answer = &s;
    f_.asked_for_reason = true;
    f_.decided_by = is_from_between(s) ? speaker::intermediary : speaker::registry;
  }

  void on(const token_request_step& s) {
    asking_ = true;
    const bool with_credential =
        f_.token_request != nullptr && f_.token_request->credential != authorization_kind::none;
    anonymously_ = has_failed_token() && with_credential && s.credential == authorization_kind::none;
    if (anonymously_) return;
    const bool other_form = has_failed_token() && with_credential && f_.token_request->realm == s.realm &&
                            f_.token_request->service == s.service;
    told_request_ = other_form ? f_.token_request : nullptr;
    told_answer_ = other_form ? f_.token_answer : nullptr;
    f_.token_request = &s;
    f_.token_answer = nullptr;
  }

  void on(const token_answer_step& s) {
    if (anonymously_) {
      f_.without_credential = &s;
      return;
    }
    asking_ = false;
    f_.token_answer = &s;
    overshadowed_ = told_answer_ != nullptr && !s.failure.empty() && rank_of(*told_answer_) >= rank_of(s);
    if (overshadowed_) {
      f_.token_request = told_request_;
      f_.token_answer = told_answer_;
      return;
    }
    if (s.failure.empty()) {
      use_token(granted_by(s.granted, s.claims), s.claims, s.expires_in_s);
    } else {
      f_.decided_by = s.failure == auth::token_failure::kind::transport ? speaker::nobody : speaker::token_server;
    }
  }

  void on(const cached_token_step& s) { use_token(granted_by(s.granted, s.claims), s.claims, s.expires_in_s); }

  void on(const failed_step& s) {
    if (explaining_ || (anonymously_ && asking_)) return;
    if (std::exchange(overshadowed_, false) && s.problem.who == party::token_server) return;
    f_.failure = &s;
    f_.failure_at_token_server = s.problem.who == party::token_server || asking_;
    f_.decided_by = is_refusal_of_ours(s.problem) ? speaker::regpass : speaker::nobody;
  }

  void on(const policy_step& s) {
    f_.refused_policy = &s;
    f_.decided_by = speaker::regpass;
  }

  void on(const mount_step& s) { f_.mount = &s; }

  void use_token(std::optional<registry::scope_set> granted, const std::optional<auth::claims>& claims,
                 std::int64_t life_s) {
    f_.granted = std::move(granted);
    f_.claims = claims ? &*claims : nullptr;
    has_token_ = true;
    token_at_ms_ = at_ms_;
    life_s_ = life_s;
  }

  bool has_failed_token() const { return f_.token_answer != nullptr && !f_.token_answer->failure.empty(); }

  // Of several answers to one credential, the most informative one is kept.
  static int rank_of(const token_answer_step& s) {
    const auto kind = s.failure.value();
    return kind ? auth::telling_rank(*kind, s.status) : 0;
  }

  std::optional<std::int64_t> over_by_claims() const {
    if (f_.claims == nullptr || !f_.claims->expires_at || !f_.seen->began_at) return std::nullopt;
    const auto began = std::chrono::floor<std::chrono::seconds>(f_.seen->began_at->time_since_epoch()).count();
    return seconds_between(*f_.claims->expires_at, began + answered_at_ms_ / 1000);
  }

  std::optional<std::int64_t> registry_time() const {
    if (!f_.seen->began_at || !f_.clock_difference_s) return std::nullopt;
    const auto began = std::chrono::floor<std::chrono::seconds>(f_.seen->began_at->time_since_epoch()).count();
    return began + answered_at_ms_ / 1000 + *f_.clock_difference_s;
  }

  std::optional<std::int64_t> over_by_promise() const {
    const auto age = seconds_between(token_at_ms_, answered_at_ms_);  // in ms
    return age ? seconds_between(life_s_, *age / 1000) : std::nullopt;
  }

  facts& f_;
  std::int64_t at_ms_ = 0;
  std::int64_t answered_at_ms_ = 0;
  bool has_token_ = false;
  std::int64_t token_at_ms_ = 0;
  std::int64_t life_s_ = 0;
  bool explaining_ = false;
  bool probing_ = false;
  bool anonymously_ = false;  // a refused credential is omitted
  bool asking_ = false;
  bool asked_anew_ = false;
  bool overshadowed_ = false;  // the previous answer is more informative than the last one
  const token_request_step* told_request_ = nullptr;
  const token_answer_step* told_answer_ = nullptr;
};

// A missing manifest or blob, which is how clients find out what to push. An HTML page is not such an answer; a HEAD
// has no body.
bool is_plain_absence(const facts& f) {
  const auto& e = *f.seen;
  if (f.last_answer == nullptr || f.last_answer->status != 404 || e.status != 404) return false;
  if (e.method != "HEAD" && (e.method != "GET" || f.decided_by != speaker::registry)) return false;
  const auto what = registry::parse_operation(e.method, e.path.substr(0, e.path.find('?')));
  if (!what) return false;
  return what->endpoint == registry::endpoint::manifest || what->endpoint == registry::endpoint::blob ||
         what->endpoint == registry::endpoint::referrers;
}

// Clients follow these with a GET, so the data is not written (RFC 9110 section 15.4).
bool is_redirected_write(const facts& f) {
  const auto& e = *f.seen;
  if (e.method != "POST" && e.method != "PUT" && e.method != "PATCH") return false;
  return e.action == registry::action::push && (e.status == 301 || e.status == 302 || e.status == 303);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// A registry may redirect a client to storage or a CDN for content. The API itself has moved if the same request is to
// be repeated there, or one that only a registry API answers.
bool is_for_api(const evidence& e, const registry::operation& asked, const std::string& target) {
  const bool reads = e.method == "GET" || e.method == "HEAD";
  if (asked.endpoint == registry::endpoint::base) return true;
  const bool upload_content = asked.endpoint == registry::endpoint::upload;
  if (!reads && !upload_content) return true;
  const auto there = registry::parse_operation(e.method, target.substr(0, target.find('?')));
  return there && there->endpoint == asked.endpoint;
}

// "www.registry.test" is another address of "registry.test" rather than another registry.
bool is_below(std::string_view name, std::string_view other) {
  return name.size() > other.size() && name.ends_with(other) && name[name.size() - other.size() - 1] == '.';
}

// A redirected read without a credential is harmless: public registries do that.
std::string moved_to(const facts& f) {
  const auto& e = *f.seen;
  const auto* a = f.last_answer;
  if (a == nullptr || a->status != e.status || !is_redirect(e.status)) return {};
  const bool checking = e.mode == client_mode::check;
  if (adds_nothing(e) || (a->location_served && !checking)) return {};
  const auto there = http::parse_absolute(a->location);
  const auto own = registry::parse_host(e.registry);
  const auto asked = registry::parse_operation(e.method, e.path.substr(0, e.path.find('?')));
  if (!there || !own || !asked) return {};
  const auto other = registry::make_host(there->origin.host, there->origin.port);
  const bool reads = asked->action != registry::action::push && asked->action != registry::action::remove;
  const bool same_site = is_below(other.name, own->name) || is_below(own->name, other.name);
  if (same_site && is_redirected_write(f)) return {};
  if (other == *own || (reads && e.source.empty()) || !is_for_api(e, *asked, there->target)) return {};
  return registry::to_text(other);
}

bool has_failed(const facts& f) {
  if (!f.moved_to.empty()) return true;
  if (f.failure != nullptr && (f.decided_by == speaker::nobody || f.decided_by == speaker::regpass)) return true;
  if (is_redirected_write(f)) return true;
  if (f.seen->status != 0 && f.seen->status < 400) return false;
  return !is_plain_absence(f);
}

}  // namespace

facts derive(const evidence& e) {
  facts f;
  f.seen = &e;
  reader r(f);
  for (const auto& timed : e.steps) r.read(timed);
  r.finish();
  f.moved_to = e.judged_fine ? std::string() : moved_to(f);
  f.failed = !e.judged_fine && has_failed(f);
  if (f.failed) f.faults = faults_of(e);
  return f;
}

}  // namespace regpass::diagnosis
