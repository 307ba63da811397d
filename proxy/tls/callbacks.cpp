#include "tls/callbacks.hpp"

#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"
#include "tls/authority/certificate.hpp"
#include "tls/authority/names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::tls {
namespace {

constexpr std::array<unsigned char, 12> all_protocols{2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr std::size_t h2_size = 3;

// In the form of RFC 7301 section 3.1, which OpenSSL has checked.
bool lists_http2(std::span<const unsigned char> offered) {
  const auto h2 = std::span(all_protocols).first(h2_size);
  for (auto rest = offered; !rest.empty();) {
    const auto size = std::min<std::size_t>(rest.front() + 1U, rest.size());
    if (std::ranges::equal(rest.first(size), h2)) return true;
    rest = rest.subspan(size);
  }
  return false;
}

std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

std::string quoted_subject(const X509& certificate) {
  return fmt::format("certificate \"{}\"", name_text(X509_get_subject_name(&certificate)));
}

std::string other_names(const X509& certificate) {
  const auto names = names_in(certificate);
  if (names.empty()) return fmt::format("{} has no subject alternative names", quoted_subject(certificate));
  return fmt::format("certificate is valid for {} only", fmt::join(names, ", "));
}

std::string out_of_date(const X509& certificate) {
  return fmt::format("{} is valid from {} to {}", quoted_subject(certificate),
                     rfc3339(to_wall(X509_get0_notBefore(&certificate))),
                     rfc3339(to_wall(X509_get0_notAfter(&certificate))));
}

std::string no_trust(const X509& certificate, int code) {
  return fmt::format("{} issued by \"{}\": {}", quoted_subject(certificate),
                     name_text(X509_get_issuer_name(&certificate)), X509_verify_cert_error_string(code));
}

std::pair<errc, std::string> judge(int code, const X509* certificate) {
  if (certificate == nullptr) return {errc::untrusted, X509_verify_cert_error_string(code)};
  switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {errc::wrong_name, other_names(*certificate)};
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {errc::expired, out_of_date(*certificate)};
    default:
      return {errc::untrusted, no_trust(*certificate, code)};
  }
}

}  // namespace

void attach(SSL& ssl, handshake_notes& notes) {
  SSL_set_app_data(&ssl, &notes);
}

handshake_notes* notes_of(const SSL* ssl) {
  return static_cast<handshake_notes*>(SSL_get_app_data(ssl));
}

int judge_asked_name(SSL* ssl, int* alert, void*) {
  handshake_notes* notes = notes_of(ssl);
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (notes == nullptr || asked == nullptr) return SSL_TLSEXT_ERR_OK;
  notes->asked = asked;
  const bool fits = iequals(without_final_dot(notes->asked), without_final_dot(notes->expected));
  if (notes->expected.empty() || fits) return SSL_TLSEXT_ERR_OK;
  notes->asked_other = true;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::span<const unsigned char> protocols(bool http2) noexcept {
  return std::span(all_protocols).subspan(http2 ? 0 : h2_size);
}

int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  handshake_notes* notes = notes_of(ssl);
  if (notes != nullptr) notes->offered_http2 = lists_http2({offered, offered_size});
  const auto ours = protocols(notes != nullptr && notes->http2);
  unsigned char* found = nullptr;
  const int outcome =
      SSL_select_next_proto(&found, size, ours.data(), static_cast<unsigned int>(ours.size()), offered, offered_size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int note_asked_certificate(SSL* ssl, void*) {
  handshake_notes* notes = notes_of(ssl);
  if (notes != nullptr) notes->owes_certificate = SSL_get_certificate(ssl) == nullptr;
  return 1;
}

int judge_certificate(int good, X509_STORE_CTX* chain) {
  if (good == 1) return 1;
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  handshake_notes* notes = notes_of(ssl);
  if (notes == nullptr) return 0;
  auto [code, text] = judge(X509_STORE_CTX_get_error(chain), X509_STORE_CTX_get_current_cert(chain));
  notes->verdict = code;
  notes->refusal = std::move(text);
  return 0;
}

}  // namespace regpass::tls
