#include "tls/failure.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include <optional>
#include <string>
#include <utility>

namespace regpass::tls {
namespace {

error tls_error(const engine_options& options, errc code, std::string detail) {
  return {.code = code, .who = options.peer, .when = phase::tls, .detail = std::move(detail)};
}

bool is_plain_http(role ours, std::string_view first_bytes) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (ours == role::client) return first_bytes == "HTTP/";
  return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST;
}

// OpenSSL reports a received alert as its number plus an offset.
std::optional<int> received_alert() {
  const unsigned long oldest = ERR_peek_error();
  const int reason = ERR_GET_REASON(oldest);
  if (ERR_GET_LIB(oldest) != ERR_LIB_SSL || reason < SSL_AD_REASON_OFFSET) return std::nullopt;
  return reason - SSL_AD_REASON_OFFSET;
}

// The alerts of RFC 8446 section 6.2 with which a peer rejects our certificate, or demands one.
bool is_distrust(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

error alert_error(const engine_options& options, int alert) {
  const std::string_view name =
      alert == SSL_AD_CERTIFICATE_REQUIRED ? "certificate required" : SSL_alert_desc_string_long(alert);
  if (is_distrust(alert)) {
    return tls_error(options, errc::distrusted,
                     fmt::format("TLS alert \"{}\": our certificate was not accepted", name));
  }
  const auto code = alert == SSL_AD_NO_APPLICATION_PROTOCOL ? errc::unsupported : errc::tls_failed;
  return tls_error(options, code, fmt::format("TLS alert \"{}\"", name));
}

}  // namespace

error failure_of(const engine_options& options, const handshake_notes& notes, std::string_view first_bytes) {
  if (is_plain_http(options.role, first_bytes)) {
    ERR_clear_error();
    return tls_error(options, errc::plain_http, "plain HTTP came where TLS was expected");
  }
  if (const auto alert = received_alert()) {
    ERR_clear_error();
    return alert_error(options, *alert);
  }
  std::string reason = queue_text();
  if (!notes.refusal.empty()) return tls_error(options, notes.verdict, notes.refusal);
  if (notes.asked_other) {
    return tls_error(options, errc::tls_failed,
                     fmt::format("SNI \"{}\" on a connection that is for {}", clean(notes.asked), notes.expected));
  }
  return tls_error(options, errc::tls_failed, std::move(reason));
}

}  // namespace regpass::tls
