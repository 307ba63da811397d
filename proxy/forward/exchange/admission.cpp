#include "forward/exchange/admission.hpp"

#include "auth/policy.hpp"
#include "forward/exchange/client_headers.hpp"
#include "forward/exchange/upstream_head.hpp"
#include "forward/exchange/web_page.hpp"
#include "forward/record/id.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/hop.hpp"

#include <utility>

namespace regpass::forward {

namespace {

bool is_api(std::string_view target) {
  return target == "/v2" || target.starts_with("/v2/") || target.starts_with("/v2?");
}

std::string_view name_of(auth::injection mode) {
  switch (mode) {
    case auth::injection::replace:
      return "replace";
    case auth::injection::add:
      return "add";
    case auth::injection::observe:
      return "observe";
  }
  return "replace";
}

class admission_check {
 public:
  admission_check(const worker_context& around, const exchange_request& request, const http::request_head& asked,
                  recorder& notes)
      : around_(around), request_(request), asked_(asked), notes_(notes) {}

  admission run();

 private:
  // Each returns whether the request may go on.
  bool is_no_loop();
  bool classify();
  bool judge_client();
  bool judge_step();
  bool prepare_head();
  bool permit();
  bool refuse(int status) {
    result_.refused_status = status;
    return false;
  }
  std::optional<registry::operation> continued_upload(const result<registry::operation>& parsed) const;
  bool gets_credential() const noexcept { return request_.registry != nullptr && result_.operation.has_value(); }

  const worker_context& around_;
  const exchange_request& request_;
  const http::request_head& asked_;
  recorder& notes_;
  admission result_;
};

admission admission_check::run() {
  const bool as_step = request_.registry && request_.may_be_step && !request_.is_only_observed();
  notes_.seen().injection = as_step ? std::string_view("step") : name_of(request_.injection());
  const bool admitted = is_no_loop() && classify() && judge_client() && judge_step() && prepare_head();
  if (!admitted || !gets_credential()) return std::move(result_);
  result_.choice = auth::choose(request_.snapshot->credentials, wanted_for(request_, *result_.operation));
  note_choice(request_, result_.choice, asked_, notes_);
  permit();
  return std::move(result_);
}

bool admission_check::is_no_loop() {
  if (!http::came_via(asked_.headers, pseudonym())) return true;
  notes_.step(diagnosis::policy_step{"the request loops: its Via field shows that this regpass forwarded it before",
                                     "let the name and the proxy settings of regpass lead to the registry itself"});
  return refuse(508);
}

bool admission_check::classify() {
  if (request_.registry == nullptr) return true;
  auto parsed = registry::parse_operation(asked_.method, asked_.target);
  auto& operation = result_.operation;
  operation = continued_upload(parsed);
  if (!operation && !parsed) {
    if (parsed.error().code == errc::unsupported || request_.is_only_observed()) return true;  // without credentials
    auto problem = parsed.error();
    problem.who = party::client;
    problem.when = phase::head;
    notes_.failed(std::move(problem));
    return refuse(400);
  }
  if (!operation) operation = std::move(*parsed);
  auto& seen = notes_.seen();
  seen.repository = operation->repository;
  seen.action = registry::name_of(operation->action);
  seen.needed = operation->needed;
  return true;
}

// A Location of an upload may look like an upload to any repository, like no path of the API, or like an invalid one.
std::optional<registry::operation> admission_check::continued_upload(const result<registry::operation>& parsed) const {
  const bool may_be_upload =
      !parsed || parsed->endpoint == registry::endpoint::upload || asked_.method == "PUT" || asked_.method == "PATCH";
  if (!may_be_upload) return std::nullopt;
  const auto repository = around_.shared.hints.repository_of(request_.target.registry, asked_.target);
  if (!repository) return std::nullopt;
  auto operation = registry::upload_operation(asked_.method, *repository);
  if (!operation) return std::nullopt;
  return std::move(*operation);
}

// A client must not change how the registry reads the request, and a page in a browser must not use regpass's
// credential.
bool admission_check::judge_client() {
  if (!gets_credential() || request_.injection() == auth::injection::observe) return true;
  if (const auto claim = claim_in_query(asked_.target); !claim.empty()) {
    notes_.failed(error(errc::bad_message, party::client, phase::head,
                        "the query names another method by " + clean(claim, 64), 0, false));
    return refuse(400);
  }
  const auto& own = request_.seen_as ? request_.seen_as->shown : request_.target.origin;
  if (!is_from_foreign_page(asked_.headers, own)) return true;
  notes_.step(diagnosis::policy_step{"a page in a browser, of another origin, asks for it with regpass's credential",
                                     "let the page's own server ask, or send the browser past regpass"});
  return refuse(403);
}

bool admission_check::judge_step() {
  if (!request_.may_be_step || !is_api(asked_.target)) return true;
  if (request_.snapshot->clients.steps == step_requests::anonymous || request_.is_only_observed()) return true;
  notes_.step(diagnosis::policy_step{
      "this looks like a request of a build step that uses its builder's password: BuildKit's exec proxy "
      "(--proxy-network) sends such requests, and regpass spends no credential on them",
      "set [client_auth] steps = \"anonymous\" to pass such requests on without a credential, or builder = \"other\" "
      "if no BuildKit has this password"});
  return refuse(403);
}

// A request that is not for the API gets no credential and keeps the one that it has.
bool admission_check::prepare_head() {
  const bool keep_authorization = !gets_credential() || request_.injection() == auth::injection::observe;
  auto head = upstream_head(asked_, request_.target, keep_authorization);
  if (head) {
    result_.head = std::move(*head);
    return true;
  }
  auto problem = head.error();
  problem.who = party::client;
  notes_.failed(std::move(problem));
  return refuse(400);
}

bool admission_check::permit() {
  if (request_.is_only_observed()) return true;
  auto verdict = auth::judge(request_.registry->options.policy, request_.target.registry, *result_.operation);
  result_.mount_refusal = std::move(verdict.strip_mount);
  if (verdict.allowed) return true;
  auto remedy = "add " + verdict.config_line;
  if (result_.operation->endpoint == registry::endpoint::upload) {
    remedy += "; if the upload is to another repository and was begun before regpass started, begin it again";
  }
  notes_.step(diagnosis::policy_step{verdict.why, std::move(remedy)});
  return refuse(403);
}

}  // namespace

admission admit(const worker_context& around, const exchange_request& request, const http::request_head& asked,
                recorder& notes) {
  admission_check check(around, request, asked, notes);
  return check.run();
}

auth::wanted wanted_for(const exchange_request& request, const registry::operation& operation) {
  return {request.target.registry, operation.repository, operation.action};
}

void note_choice(const exchange_request& request, const auth::choice& choice, const http::request_head& asked,
                 recorder& notes) {
  if (request.injection() != auth::injection::replace) notes.brought(asked.headers);
  auto& seen = notes.seen();
  seen.missing = choice.missing;
  seen.others = choice.others;
  if (!choice.credential) return;
  notes.secrets().add(choice.credential);
  seen.source = choice.credential->source;
  seen.key = choice.credential->key;
  seen.username = choice.credential->username;
  seen.credential_kind = auth::name_of(choice.credential->kind);
}

}  // namespace regpass::forward
