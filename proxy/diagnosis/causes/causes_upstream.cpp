// No usable answer came from the registry, or the client would not even speak to us. One row per class; the sentences
// are shared.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/failure_wording.hpp"
#include "diagnosis/present/wording.hpp"

#include <fmt/format.h>

#include <array>
#include <initializer_list>

namespace regpass::diagnosis {
namespace {

bool is_one_of(errc code, std::initializer_list<errc> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

std::string upstream_summary(const facts& f) {
  const auto& e = f.failure->problem;
  return fmt::format("{} {}{}; {} failed", words::host(f), failure_words::what_happened(e), failure_words::detail(e),
                     words::activity(f));
}

std::vector<std::string> upstream_fix(const facts& f) {
  return failure_words::fix(f.failure->problem, f, words::host(f));
}

judgement is_dns(const facts& f) {
  const auto* e = upstream_failure(f);
  if (e == nullptr) return ruled_out;
  if (e->code == errc::unresolved) return certainty::observed;
  return e->when == phase::resolve && e->code != errc::timed_out ? judgement(certainty::likely) : ruled_out;
}

judgement is_connect(const facts& f) {
  const auto* e = upstream_failure(f);
  if (e == nullptr || e->when == phase::resolve) return ruled_out;
  const bool cut_before_answer = e->code == errc::reset && !e->answer_started;
  return observed_if(is_one_of(e->code, {errc::refused, errc::unreachable}) || cut_before_answer);
}

judgement is_timeout(const facts& f) {
  const auto* e = upstream_failure(f);
  return observed_if(e != nullptr && e->code == errc::timed_out);
}

judgement is_certificate(const facts& f) {
  const auto* e = upstream_failure(f);
  return observed_if(e != nullptr &&
                     is_one_of(e->code, {errc::untrusted, errc::wrong_name, errc::expired, errc::distrusted}));
}

judgement is_plain_http(const facts& f) {
  const auto* e = upstream_failure(f);
  return observed_if(e != nullptr && e->code == errc::plain_http);
}

judgement is_broken(const facts& f) {
  const auto* e = upstream_failure(f);
  if (e == nullptr || e->when == phase::resolve) return ruled_out;
  if (e->code == errc::reset) return observed_if(e->answer_started);
  return observed_if(is_one_of(e->code, {errc::bad_message, errc::too_large, errc::truncated, errc::closed,
                                         errc::tls_failed, errc::unsupported}));
}

namespace client_distrusts {

judgement judge(const facts& f) {
  if (f.failure == nullptr || f.failure->problem.who != party::client) return ruled_out;
  return observed_if(f.failure->problem.code == errc::distrusted);
}

std::string summary(const facts& f) {
  return fmt::format("{}: the client does not trust regpass's CA{}; give it the CA from publish_dir and restart it",
                     words::host(f), failure_words::detail(f.failure->problem));
}

std::vector<std::string> fix(const facts&) {
  return {"In regpass.toml, let regpass publish its CA: [tls] publish_dir = \"/run/regpass-ca\"",
          "Start the client (buildkitd, dockerd, ...) with SSL_CERT_DIR=/run/regpass-ca, or with "
          "SSL_CERT_FILE=/run/regpass-ca/bundle.crt where the public roots are needed too",
          "Restart it after that: Go programs read their CAs once, at the first TLS connection"};
}

}  // namespace client_distrusts

constexpr std::array rows{
    cause{.name = "upstream-dns",
          .title = "The registry's name does not resolve",
          .judge = is_dns,
          .summary = upstream_summary,
          .fix = upstream_fix,
          .fix_text = "Check the name, and resolve it on the machine or pod of regpass: getent ahosts NAME",
          .doc = {.seen = "There is no connection: the name has no address.",
                  .why = "A typo, a missing search domain, a DNS or egress policy of the pod, or a private endpoint "
                         "that is not linked.",
                  .apart = "This says nothing about the credential.",
                  .look_alikes = "upstream-connect upstream-timeout"}},
    cause{
        .name = "upstream-connect",
        .title = "The registry cannot be reached",
        .judge = is_connect,
        .summary = upstream_summary,
        .fix = upstream_fix,
        .fix_text =
            "Check host and port, and that the registry is running; check firewalls and network policies in between",
        .doc = {.seen = "The connection was refused or reset, or there was no route.",
                .why =
                    "The port is wrong, the registry is down, or a firewall or network policy rejects the connection.",
                .apart = "A firewall that drops packets causes a timeout instead.",
                .look_alikes = "upstream-timeout upstream-dns upstream-plain-http"}},
    cause{.name = "upstream-timeout",
          .title = "The registry did not answer in time",
          .judge = is_timeout,
          .summary = upstream_summary,
          .fix = upstream_fix,
          .fix_text = "Check firewalls and network policies between regpass and the registry, and the registry's load",
          .doc = {.seen = "Name resolution, connection, TLS handshake or the answer took too long.",
                  .why = "A firewall drops the packets, or the registry or its storage is overloaded.",
                  .apart = "The reported phase shows how far it got.",
                  .look_alikes = "upstream-connect registry-error"}},
    cause{.name = "upstream-certificate",
          .title = "TLS certificate verification failed",
          .judge = is_certificate,
          .summary = upstream_summary,
          .fix = upstream_fix,
          .doc = {.seen = "The TLS handshake failed before any HTTP: unknown issuer, wrong name, expired, or a client "
                          "certificate is required. Go clients report: x509: certificate signed by unknown authority.",
                  .why = "The certificate was issued by a private CA that regpass does not know or by a proxy that "
                         "intercepts TLS, or it has expired.",
                  .apart = "Check the issuer: the registry's own CA, or the CA of a company proxy, which then affects "
                           "every host.",
                  .look_alikes = "client-distrusts-ca token-server-certificate"}},
    cause{
        .name = "client-distrusts-ca",
        .title = "The client does not trust regpass's CA",
        .judge = client_distrusts::judge,
        .summary = client_distrusts::summary,
        .fix = client_distrusts::fix,
        .doc = {.seen = "The client ended the TLS handshake with regpass with an alert (unknown_ca, bad_certificate).",
                .why = "regpass signs certificates for the registries with its own CA, which the client has to trust.",
                .apart = "The registry was not contacted.",
                .look_alikes = "upstream-certificate"}},
    cause{.name = "upstream-plain-http",
          .title = "The registry speaks plain HTTP",
          .judge = is_plain_http,
          .summary = upstream_summary,
          .fix = upstream_fix,
          .fix_text = "Preferably enable TLS on the registry\nIf the network in between is trusted: plain_http = true "
                      "under its [[registry]]",
          .doc = {.seen = "The peer's first bytes in answer to the TLS handshake are HTTP/. Clients report: server "
                          "gave HTTP response to HTTPS client.",
                  .why = "The registry, or this port, does not use TLS.",
                  .apart = "There is no certificate that could be wrong.",
                  .look_alikes = "upstream-certificate upstream-broken"}},
    cause{.name = "upstream-broken",
          .title = "The registry sent an invalid or incomplete response",
          .judge = is_broken,
          .summary = upstream_summary,
          .fix = upstream_fix,
          .doc =
              {.seen = "The response started but was incomplete, or it was not HTTP.",
               .why =
                   "The registry crashed, a load balancer closed the connection, or this port serves another protocol.",
               .apart = "A connection that ends before the answer is upstream-connect.",
               .look_alikes = "upstream-connect registry-error"}},
};

}  // namespace

std::span<const cause> upstream_causes() noexcept {
  return rows;
}

}  // namespace regpass::diagnosis
