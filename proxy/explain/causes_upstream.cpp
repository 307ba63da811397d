// No usable answer came from the registry, or the client would not even speak to us. One row per class; the sentences
// are shared.
#include "explain/failure_words.hpp"
#include "explain/families.hpp"
#include "explain/signs.hpp"
#include "explain/words.hpp"

#include <fmt/format.h>

#include <array>
#include <initializer_list>

namespace regpass::explain {
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
  return observed_if(
      is_one_of(e->code, {errc::bad_message, errc::too_large, errc::truncated, errc::closed, errc::tls_failed}));
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
    cause{"upstream-dns", "The registry's name does not resolve", is_dns, upstream_summary, upstream_fix,
          words::observed},
    cause{"upstream-connect", "The registry cannot be reached", is_connect, upstream_summary, upstream_fix,
          words::observed},
    cause{"upstream-timeout", "The registry did not answer in time", is_timeout, upstream_summary, upstream_fix,
          words::observed},
    cause{"upstream-certificate", "The certificates do not fit", is_certificate, upstream_summary, upstream_fix,
          words::observed},
    cause{"client-distrusts-ca", "The client does not trust regpass's CA", client_distrusts::judge,
          client_distrusts::summary, client_distrusts::fix, words::observed},
    cause{"upstream-plain-http", "The registry speaks plain HTTP", is_plain_http, upstream_summary, upstream_fix,
          words::observed},
    cause{"upstream-broken", "The registry's answer is broken", is_broken, upstream_summary, upstream_fix,
          words::observed},
};

}  // namespace

std::span<const cause> upstream_causes() noexcept {
  return rows;
}

}  // namespace regpass::explain
