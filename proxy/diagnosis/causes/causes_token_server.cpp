// The way to a token: challenge, realm, token server.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/wording.hpp"
#include "regpass/auth/challenge.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

judgement judge_service(const facts& f) {
  const auto status = token_status(f);
  if ((status != 400 && status != 404) || f.token_request == nullptr) return ruled_out;
  const auto& service = f.token_request->service;
  const bool quotes_it = !service.empty() && f.token_answer->message.find(service) != std::string::npos;
  return likely_if(quotes_it && says(f, {"service"}));
}

bool without_token(const facts& f) {
  return f.decided_by == speaker::token_server && f.token_answer != nullptr &&
         f.token_answer->failure == auth::token_failure::kind::no_token;
}

bool is_page(const facts& f) {
  return lower(f.token_answer->content_type).starts_with("text/html") ||
         f.token_answer->message.starts_with("a page instead");
}

judgement judge_page(const facts& f) {
  return observed_if(without_token(f) && is_page(f));
}

judgement judge_no_token(const facts& f) {
  return observed_if(without_token(f) && f.token_answer->message.starts_with("JSON without a token"));
}

// Nothing that the configuration could make right is wrong with it.
judgement judge_realm(const facts& f) {
  const bool refused = f.decided_by == speaker::regpass && f.refused_realm != nullptr && f.refused_policy == nullptr;
  if (refused) {
    const auto& why = f.refused_realm->why;
    const bool form =
        why.find("no usable URL") != std::string::npos || why.find("a byte that no URL") != std::string::npos;
    return observed_if(f.refused_realm->config_line.empty() && form);
  }
  if (!registry_denied(f) || f.last_answer->status != 401 || f.sent_authorization != authorization_kind::none)
    return ruled_out;
  const auto all = challenges_in(f);
  const bool leads_nowhere = !all.empty() && std::ranges::all_of(all, [](const auto& one) {
    return one.scheme == "bearer" && one.param("realm").value_or("").empty();
  });
  return observed_if(leads_nowhere);
}

const error* at_token_server(const facts& f) {
  return f.failure_at_token_server && f.failure != nullptr && proxy_failure(f) == nullptr ? &f.failure->problem
                                                                                          : nullptr;
}

judgement judge_certificate(const facts& f) {
  const auto* e = at_token_server(f);
  return observed_if(e != nullptr &&
                     (e->code == errc::untrusted || e->code == errc::wrong_name || e->code == errc::expired));
}

judgement judge_client_certificate(const facts& f) {
  const auto* e = at_token_server(f);
  return observed_if(e != nullptr && e->code == errc::distrusted);
}

std::vector<std::string> fix_certificate(const facts& f) {
  const auto& in_force = f.seen->ca_file;
  const auto place = in_force.empty()
                         ? "If a private CA signed it: " + words::in_registry_table(f, "ca_file = \"/path/to/ca.crt\"")
                         : in_force + " is in force: if a private CA signed it, add that CA to the file";
  const auto server = words::token_server(f);
  const auto* port = server.find(':') == std::string::npos ? ":443" : "";
  return {place + "; it applies to the registry and its token server",
          "Check who signed it: openssl s_client -connect " + server + port + " -showcerts </dev/null"};
}

std::vector<std::string> fix_client_certificate(const facts& f) {
  const auto& in_force = f.seen->client_cert_file;
  const auto lines = words::in_registry_table(f, "client_cert_file and client_key_file");
  return {in_force.empty() ? "To send one, " + lines + ": it is sent to both servers"
                           : in_force + " is sent to the token server but not accepted: check its issuer and dates",
          "Or exclude the token path from mutual TLS"};
}

// "type:name:actions" (distribution: token scope documentation).
bool is_odd(const auth::challenge& one) {
  if (one.scheme != "bearer") return false;
  const auto scope = one.param("scope").value_or("");
  const bool odd_scope = !scope.empty() && scope != "*" && !registry::parse_scopes(scope);
  return odd_scope || one.param("service").value_or("").empty();
}

judgement judge_challenge(const facts& f) {
  const auto status = token_status(f);
  if (status != 400 && status != 404) return ruled_out;
  const auto all = challenges_in(f);
  return likely_if(std::ranges::any_of(all, is_odd));
}

judgement judge_scheme(const facts& f) {
  const auto how = judge_realm(f);
  return observed_if(!how && wants_other_scheme(f));
}

judgement judge_logins(const facts& f) {
  const bool limited = token_status(f) == 429 || registry_status(f) == 429;
  return observed_if(limited && says(f, {"failed login", "login attempts", "failed authentication"}));
}

constexpr std::array rows{
    cause{
        .name = "challenge-malformed",
        .title = "The registry's challenge is malformed, and its token server rejects the resulting request",
        .general = "token-server-error",
        .judge = judge_challenge,
        .summary_text = "the request to {host} {identity} failed: its challenge has no service or a malformed scope; "
                        "{token-server} answered {status}: {said}",
        .fix_text = "Configure the registry, or the mirror in front of it, to send a standard challenge: realm, "
                    "service and scope=\"repository:NAME:ACTIONS\"",
        .doc = {.seen =
                    "scope=\"NAME:pull\" without a type, no service, or only a realm; then 400 from the token server.",
                .why = "A cache or mirror rewrites challenges. regpass derives the scope itself from method and path.",
                .apart = "The explanation shows the original challenge.",
                .look_alikes = "token-service-unknown token-server-error"}},
    cause{.name = "token-service-unknown",
          .title = "The token server does not know the service",
          .general = "token-server-error",
          .judge = judge_service,
          .summary_text = "the request to {host} {identity} failed: {token-server} does not know the service that the "
                          "registry names; it says {said}",
          .fix_text = "Make the registry's auth.token.service and the token server's service identical",
          .doc = {.seen = "400 or 404 from the token server, with a message that names the service: Unable to handle "
                          "service: X.",
                  .why = "The registry was renamed, or belongs to another token server.",
                  .apart = "The credential was not checked.",
                  .look_alikes = "token-server-error token-for-other-audience"}},
    cause{.name = "token-answer-is-page",
          .title = "The token server answered with an HTML page",
          .general = "token-server-error",
          .judge = judge_page,
          .summary_text =
              "the request to {host} {identity} failed: {token-server} answered with an HTML page instead of a token",
          .fix_text = "Exclude the token endpoint's path from single sign-on, WAF and captive portal, or correct the "
                      "registry's realm",
          .doc = {.seen = "200 with text/html. Clients report: unable to decode token response: invalid character '<'.",
                  .why = "A sign-on page, a captive portal, a WAF's challenge or a load balancer's default page is in "
                         "front of the token server.",
                  .apart = "The content type is text/html, and the body begins with <.",
                  .look_alikes = "token-answer-without-token token-server-error"}},
    cause{.name = "token-answer-without-token",
          .title = "The token server's response contains no token",
          .general = "token-server-error",
          .judge = judge_no_token,
          .summary_text =
              "the request to {host} {identity} failed: {token-server} answered 200, but without a token: {said}",
          .fix_text = "Check the registry's realm: another service may answer there",
          .doc = {.seen = "200 with JSON that has neither token nor access_token.",
                  .why = "The realm points to another endpoint (such as a gateway's health check), or an error was "
                         "sent with status 200.",
                  .apart = "The explanation shows the names of the JSON members, never their values.",
                  .look_alikes = "token-answer-is-page token-server-error"}},
    cause{
        .name = "realm-malformed",
        .title = "The registry's realm is not a valid URL",
        .general = "realm-refused denied-by-registry",
        .judge = judge_realm,
        .summary_text = "{host} names no valid token server, so {activity} {identity} failed: the realm of its "
                        "challenge is missing or malformed",
        .fix_text = "The operator of {host} must correct its token realm: common mistakes are a duplicate port and a "
                    "template that was not filled in",
        .doc = {.seen = "realm=\"http://reg.example.com:9080:9080/service/token\", "
                        "realm=\"http://host:%!s(<nil>)/v2/token\", or no realm at all.",
                .why = "The port is set both in the host name and in the port setting, or a chart's template is wrong.",
                .apart = "The explanation shows the original challenge.",
                .look_alikes = "realm-refused token-server-error"}},
    cause{.name = "login-scheme-unknown",
          .title = "The registry requires an authentication scheme that regpass does not support",
          .general = "denied-by-registry no-credential",
          .judge = judge_scheme,
          .summary_text = "{host} requires an authentication scheme that regpass does not support, so {activity} was "
                          "sent without a credential",
          .fix_text =
              "Configure the registry's path to accept Basic or Bearer: Kerberos, NTLM and Digest are for browsers",
          .doc = {.seen = "401 with WWW-Authenticate: Negotiate, NTLM or Digest only.",
                  .why = "There is a single sign-on proxy in front of the registry.",
                  .apart = "If Basic is one of the schemes, the cause is a missing credential instead.",
                  .look_alikes = "no-credential"}},
    cause{.name = "token-server-certificate",
          .title = "Verification of the token server's TLS certificate failed",
          .general = "token-server-error",
          .judge = judge_certificate,
          .summary_text = "the request to {host} {identity} failed: the certificate of its token server {token-server} "
                          "is not trusted, is for another name, or has expired",
          .fix = fix_certificate,
          .fix_text = "If a private CA signed it: write ca_file = \"/path/to/ca.crt\" under [[registry]] host = "
                      "\"{host}\" in regpass.toml; it applies to the registry and its token server\n"
                      "Check who signed it: openssl s_client -connect {token-server}:443 -showcerts </dev/null",
          .doc = {.seen = "The registry answers with 401; then TLS to the realm fails. Clients report: failed to fetch "
                          "anonymous token: x509: certificate signed by unknown authority.",
                  .why = "The token server uses a different CA than the registry. In BuildKit the client fetches the "
                         "token, so the daemon's CA settings do not help.",
                  .apart = "If the connection to the registry fails as well, the CA is missing completely.",
                  .look_alikes = "upstream-certificate token-server-wants-certificate"}},
    cause{.name = "token-server-wants-certificate",
          .title = "The token server requires a client certificate",
          .general = "token-server-error",
          .judge = judge_client_certificate,
          .summary_text =
              "the request to {host} {identity} failed: its token server {token-server} requires a client certificate",
          .fix = fix_client_certificate,
          .fix_text = "Write client_cert_file and client_key_file under [[registry]] host = \"{host}\" in "
                      "regpass.toml: it is sent to both servers\n"
                      "Or exclude the token path from mutual TLS",
          .doc = {.seen = "The token server sends a TLS alert: certificate required or bad certificate; /v2/ works.",
                  .why = "Mutual TLS is also required for the token endpoint.",
                  .apart = "The alert is certificate_required or bad_certificate, not unknown_ca.",
                  .look_alikes = "token-server-certificate"}},
    cause{.name = "too-many-failed-logins",
          .title = "Too many failed logins",
          .general = "token-server-error rate-limited",
          .judge = judge_logins,
          .summary_text = "{host} temporarily blocks logins after too many failed attempts by this user or address; "
                          "the last request was {identity}",
          .fix_text =
              "Find earlier credential-rejected events for {host} in the log, and correct or remove that entry\n"
              "Wait; then use an access token",
          .doc = {.seen = "429 from the token server: too many failed login attempts for username or IP address.",
                  .why = "Many jobs retry a wrong password; BuildKit counts twice, because it tries POST and GET.",
                  .apart = "The message mentions logins; rate limits mention pulls or requests.",
                  .look_alikes = "hub-pull-limit hub-abuse-limit"}},
};

}  // namespace

std::span<const cause> token_server_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
