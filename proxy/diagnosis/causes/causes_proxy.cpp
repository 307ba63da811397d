// The corporate proxy that regpass goes out by would not let it, or could not be reached.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/failure_wording.hpp"
#include "diagnosis/present/wording.hpp"

#include <fmt/format.h>

#include <array>

namespace regpass::diagnosis {
namespace {

namespace upstream_proxy {

judgement judge(const facts& f) {
  return observed_if(proxy_failure(f) != nullptr);
}

// Whom the way was to lead to.
std::string beyond(const facts& f) {
  return f.failure_at_token_server ? words::token_server(f) : words::host(f);
}

std::string summary(const facts& f) {
  const auto& e = *proxy_failure(f);
  const auto whom = f.failure_at_token_server
                        ? fmt::format("{}'s token server {}", words::host(f), words::token_server(f))
                        : words::host(f);
  const auto why = e.detail.empty() ? " because the proxy " + failure_words::what_happened(e) : ": " + e.detail;
  return fmt::format("{} cannot be reached{}; {} failed", whom, why, words::activity(f));
}

// Its answer, as http/proxy_server words it: `answered "407 `.
bool answered(const error& e, std::string_view status_begins) {
  return e.detail.find(fmt::format("answered \"{}", status_begins)) != std::string::npos;
}

// A login that was sent, as http/proxy_server words it.
std::vector<std::string> fix_refused_login() {
  return {
      "Correct the proxy's user name and password at the source that \"regpass config show\" reports ([upstream] "
      "proxy, or HTTPS_PROXY in the environment of regpass); write % as %25, @ as %40, : as %3A",
      "If they are correct: check whether the account is locked, or whether the proxy accepts only NTLM or Negotiate; "
      "regpass supports only Basic"};
}

std::vector<std::string> fix_login() {
  return {
      R"(Give regpass a login for it: [upstream] proxy = "http://USER:PASSWORD@HOST:PORT" in regpass.toml, or )"
      "HTTPS_PROXY in the environment of regpass; write % as %25, @ as %40, : as %3A",
      "regpass supports only Basic; a proxy that accepts only NTLM or Negotiate needs an exception for this machine"};
}

std::string around(const facts& f) {
  return fmt::format(
      "If {} can be reached without the proxy: add it to NO_PROXY in the environment of regpass; a network, or the "
      "name with another port, does not match it",
      beyond(f));
}

std::vector<std::string> fix_way(const facts& f) {
  return {R"(Check the proxy's address: "regpass config show" shows it and where it came from ([upstream] proxy, or )"
          "HTTPS_PROXY in the environment of regpass)",
          "Check DNS, routes and network policies between regpass and the proxy", around(f),
          R"(If this network has no proxy: [upstream] proxy = "direct")"};
}

std::vector<std::string> fix(const facts& f) {
  const auto& e = *proxy_failure(f);
  if (e.detail.find("to regpass's login for") != std::string::npos) return fix_refused_login();
  if (answered(e, "407")) return fix_login();
  if (answered(e, "4")) {
    return {
        fmt::format("Ask the operator of the proxy to allow CONNECT to {} and its port from this machine", beyond(f)),
        around(f)};
  }
  if (answered(e, "5")) {
    return {fmt::format("Ask the operator of the proxy why it cannot reach {}: DNS, routes, firewall", beyond(f)),
            around(f)};
  }
  if (e.when != phase::tls) return fix_way(f);
  return {
      "If a private CA signed the proxy's certificate: set SSL_CERT_FILE in the environment of regpass to a bundle "
      "with the public roots and that CA",
      R"(If the proxy does not use TLS: write its address with http://)", around(f)};
}

}  // namespace upstream_proxy

constexpr std::array rows{
    cause{.name = "upstream-proxy",
          .title = "The upstream proxy refused the connection",
          .judge = upstream_proxy::judge,
          .summary = upstream_proxy::summary,
          .fix = upstream_proxy::fix,
          .doc = {.seen = "The upstream proxy that regpass uses answered CONNECT with a status other than 200, or did "
                          "not answer.",
                  .why = "HTTPS_PROXY is set for regpass and NO_PROXY does not include the host, or the proxy requires "
                         "authentication, or it does not allow the host.",
                  .apart = "The registry was not contacted. Its own 403 would arrive through an established tunnel.",
                  .look_alikes = "upstream-connect denied-by-registry"}},
};

}  // namespace

std::span<const cause> proxy_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
