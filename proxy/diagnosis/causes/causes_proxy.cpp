// The corporate proxy that regpass goes out by would not let it, or could not be reached.
#include "diagnosis/causes/families.hpp"
#include "diagnosis/causes/signs.hpp"
#include "diagnosis/present/failure_phrases.hpp"
#include "diagnosis/present/phrases.hpp"

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
      "Correct user and password of the proxy where \"regpass config show\" says that they came from ([upstream] "
      "proxy, or HTTPS_PROXY as regpass was started with); write % as %25, @ as %40, : as %3A",
      "If they are right: see whether the account is locked, or the proxy takes nothing but NTLM or Negotiate; "
      "regpass logs in by Basic only"};
}

std::vector<std::string> fix_login() {
  return {R"(Give regpass a login for it: [upstream] proxy = "http://USER:PASSWORD@HOST:PORT" in regpass.toml, or )"
          "HTTPS_PROXY where regpass is started; write % as %25, @ as %40, : as %3A",
          "regpass logs in by Basic only; a proxy that takes nothing but NTLM or Negotiate needs an exception for this "
          "machine"};
}

std::string around(const facts& f) {
  return fmt::format(
      "If {} can be reached without the proxy: name it in NO_PROXY where regpass is started; a "
      "network, or the name with another port, does not cover it",
      beyond(f));
}

std::vector<std::string> fix_way(const facts& f) {
  return {R"(Check the proxy's address: "regpass config show" tells it and where it came from ([upstream] proxy, or )"
          "HTTPS_PROXY as regpass was started with)",
          "Look at DNS, routes and network policies between regpass and the proxy", around(f),
          R"(If this network has no proxy: [upstream] proxy = "direct")"};
}

std::vector<std::string> fix(const facts& f) {
  const auto& e = *proxy_failure(f);
  if (e.detail.find("it refused regpass's login") != std::string::npos) return fix_refused_login();
  if (answered(e, "407")) return fix_login();
  if (answered(e, "4")) {
    return {
        fmt::format("Let whoever runs the proxy allow CONNECT to {}, and to its port, from this machine", beyond(f)),
        around(f)};
  }
  if (answered(e, "5")) {
    return {
        fmt::format("Let whoever runs the proxy see why it does not reach {}: its DNS, routes, firewall", beyond(f)),
        around(f)};
  }
  if (e.when != phase::tls) return fix_way(f);
  return {
      "If a private CA signed the proxy's certificate: let SSL_CERT_FILE, where regpass is started, name a bundle "
      "with the public roots and that CA",
      R"(If the proxy has no TLS of its own: write its address with http://)", around(f)};
}

}  // namespace upstream_proxy

constexpr std::array rows{
    cause{
        .name = "upstream-proxy",
        .title = "The proxy on the way out gives no way",
        .judge = upstream_proxy::judge,
        .summary = upstream_proxy::summary,
        .fix = upstream_proxy::fix,
        .doc =
            {.seen =
                 "The proxy that regpass goes out by answered CONNECT with something else than 200, or did not answer.",
             .why = "HTTPS_PROXY is set for regpass and the host is missing in NO_PROXY; or the proxy wants a login, "
                    "or does not allow the host.",
             .apart = "The registry has not been asked. Its own 403 comes through a tunnel that stands.",
             .look_alikes = "upstream-connect denied-by-registry"}},
};

}  // namespace

std::span<const cause> proxy_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
