// The way to a token: challenge, realm, token server.
#include "diagnosis/causes/families.hpp"
#include "diagnosis/causes/signs.hpp"
#include "diagnosis/present/phrases.hpp"
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
  return f.decided_by == speaker::token_server && f.token_answer != nullptr && f.token_answer->failure == "no_token";
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
  if (!registry_denied(f) || f.last_answer->status != 401 || f.sent_authorization != "none") return ruled_out;
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
  return {place + "; it holds for the registry and its token server",
          "See who signed it: openssl s_client -connect " + server + port + " -showcerts </dev/null"};
}

std::vector<std::string> fix_client_certificate(const facts& f) {
  const auto& in_force = f.seen->client_cert_file;
  const auto lines = words::in_registry_table(f, "client_cert_file and client_key_file");
  return {in_force.empty() ? "To show one, " + lines + ": both ends get it"
                           : in_force + " is shown to the token server and not accepted: compare its issuer and dates",
          "Or exempt the token path from mutual TLS"};
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
        .title = "The registry's challenge is not of the usual form, and its token server refuses what follows from it",
        .general = "token-server-error",
        .judge = judge_challenge,
        .summary_text = "{host} could not be asked {identity}: its challenge lacks a service or has a malformed scope, "
                        "and {token-server} answered {status}: {said}",
        .fix_text =
            "Let the registry, or the mirror before it, send the challenge of the specification: realm, service "
            "and scope=\"repository:NAME:ACTIONS\"",
        .doc = {.seen =
                    "scope=\"NAME:pull\" without a type, no service, or only a realm; then 400 by the token server.",
                .why = "A cache or mirror rewrites challenges. regpass makes the scope itself, from method and path.",
                .apart = "The raw challenge stands in the explanation.",
                .look_alikes = "token-service-unknown token-server-error"}},
    cause{.name = "token-service-unknown",
          .title = "The token server does not know the service",
          .general = "token-server-error",
          .judge = judge_service,
          .summary_text = "{host} could not be asked {identity}: {token-server} does not know the service that the "
                          "registry names; it says {said}",
          .fix_text = "Let the registry's auth.token.service and the token server's service be the same",
          .doc = {.seen = "400 or 404 by the token server, whose words name the service: Unable to handle service: X.",
                  .why = "The registry was renamed, or belongs to another token server.",
                  .apart = "The credential was not judged.",
                  .look_alikes = "token-server-error token-for-other-audience"}},
    cause{.name = "token-answer-is-page",
          .title = "The token server answers with a page for people",
          .general = "token-server-error",
          .judge = judge_page,
          .summary_text =
              "{host} could not be asked {identity}: {token-server} answered with an HTML page instead of a "
              "token",
          .fix_text = "Exempt the token endpoint's path from single sign-on, WAF and captive portal, or correct the "
                      "registry's realm",
          .doc = {.seen = "200 with text/html. Clients say: unable to decode token response: invalid character '<'.",
                  .why = "A sign-on page, a captive portal, a WAF's challenge or a load balancer's default page stands "
                         "before the token server.",
                  .apart = "The content type, and < as the body's first character.",
                  .look_alikes = "token-answer-without-token token-server-error"}},
    cause{.name = "token-answer-without-token",
          .title = "The token server's answer holds no token",
          .general = "token-server-error",
          .judge = judge_no_token,
          .summary_text =
              "{host} could not be asked {identity}: {token-server} answered 200, but without a token: {said}",
          .fix_text = "Check the registry's realm: another service may answer there",
          .doc = {.seen = "200 with JSON that has neither token nor access_token.",
                  .why = "The realm leads to another endpoint (a health check of a gateway), or an error came with "
                         "status 200.",
                  .apart = "The names of its members are shown, never their values.",
                  .look_alikes = "token-answer-is-page token-server-error"}},
    cause{
        .name = "realm-malformed",
        .title = "The registry's realm is no URL",
        .general = "realm-refused denied-by-registry",
        .judge = judge_realm,
        .summary_text =
            "{host} names no usable token server, so {activity} {identity} went no further: the realm of its "
            "challenge is missing or malformed",
        .fix_text =
            "Whoever runs {host} must correct its token realm: a port written twice and templates that were not "
            "filled in are the usual faults",
        .doc = {.seen = "realm=\"http://reg.example.com:9080:9080/service/token\", realm=\"http://host:%!s(<nil>)/v2/"
                        "token\", or no realm at all.",
                .why = "The port stands both in the host name and in the port setting, or a chart's template is wrong.",
                .apart = "The raw challenge stands in the explanation.",
                .look_alikes = "realm-refused token-server-error"}},
    cause{.name = "login-scheme-unknown",
          .title = "The registry wants a kind of login that regpass does not speak",
          .general = "denied-by-registry no-credential",
          .judge = judge_scheme,
          .summary_text = "{host} asks for a kind of login that regpass does not speak, so {activity} went without a "
                          "credential",
          .fix_text = "Let the registry's path take Basic or Bearer: Kerberos, NTLM and Digest are for browsers",
          .doc = {.seen = "401 with WWW-Authenticate: Negotiate, NTLM or Digest only.",
                  .why = "A single sign-on proxy stands before the registry.",
                  .apart = "Where Basic is among the schemes, a missing credential is the reason instead.",
                  .look_alikes = "no-credential"}},
    cause{.name = "token-server-certificate",
          .title = "The token server's certificate does not fit",
          .general = "token-server-error",
          .judge = judge_certificate,
          .summary_text =
              "{host} could not be asked {identity}: the certificate of its token server {token-server} is not "
              "trusted, for another name or out of its time",
          .fix = fix_certificate,
          .fix_text =
              "If a private CA signed it: write ca_file = \"/path/to/ca.crt\" under [[registry]] host = \"{host}\" "
              "in regpass.toml; it holds for the registry and its token server\n"
              "See who signed it: openssl s_client -connect {token-server}:443 -showcerts </dev/null",
          .doc = {.seen =
                      "The registry answers to its 401; then TLS fails towards the realm. Clients say: failed to fetch "
                      "anonymous token: x509: certificate signed by unknown authority.",
                  .why =
                      "The token server has another CA than the registry. In BuildKit the client fetches the token, so "
                      "the daemon's CA settings do not help.",
                  .apart = "If the registry's own connection fails, too, the CA is missing altogether.",
                  .look_alikes = "upstream-certificate token-server-wants-certificate"}},
    cause{.name = "token-server-wants-certificate",
          .title = "The token server wants a client certificate",
          .general = "token-server-error",
          .judge = judge_client_certificate,
          .summary_text =
              "{host} could not be asked {identity}: its token server {token-server} wants a client certificate",
          .fix = fix_client_certificate,
          .fix_text =
              "Write client_cert_file and client_key_file under [[registry]] host = \"{host}\" in regpass.toml: "
              "both ends get it\n"
              "Or exempt the token path from mutual TLS",
          .doc = {.seen = "A TLS alert by the realm: certificate required, bad certificate; /v2/ is fine.",
                  .why = "Mutual TLS also stands before the token endpoint.",
                  .apart = "The alert is certificate_required or bad_certificate, not unknown authority.",
                  .look_alikes = "token-server-certificate"}},
    cause{.name = "too-many-failed-logins",
          .title = "Too many failed logins",
          .general = "token-server-error rate-limited",
          .judge = judge_logins,
          .summary_text =
              "{host} takes no login for a while after too many failed ones by this user or address; the last "
              "was {identity}",
          .fix_text = "Look back in the log for credential-rejected at {host}, and correct or remove that entry\n"
                      "Wait; then use an access token",
          .doc = {.seen = "429 by the token server: too many failed login attempts for username or IP address.",
                  .why = "A wrong password is tried again by many jobs; BuildKit counts twice, by POST and GET.",
                  .apart = "It speaks of logins; rate limits speak of pulls or requests.",
                  .look_alikes = "hub-pull-limit hub-abuse-limit"}},
};

}  // namespace

std::span<const cause> token_server_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
