#include "regpass/base/error.hpp"

#include <fmt/format.h>

#include <system_error>

namespace regpass {

std::string_view name_of(errc code) noexcept {
  switch (code) {
    case errc::bad_input:
      return "bad input";
    case errc::bad_message:
      return "bad message";
    case errc::too_large:
      return "too large";
    case errc::timed_out:
      return "timed out";
    case errc::closed:
      return "closed";
    case errc::truncated:
      return "truncated";
    case errc::reset:
      return "reset";
    case errc::refused:
      return "refused";
    case errc::unresolved:
      return "unresolved";
    case errc::unreachable:
      return "unreachable";
    case errc::plain_http:
      return "plain HTTP";
    case errc::untrusted:
      return "untrusted";
    case errc::wrong_name:
      return "wrong name";
    case errc::expired:
      return "expired";
    case errc::distrusted:
      return "distrusted";
    case errc::tls_failed:
      return "TLS failed";
    case errc::denied:
      return "denied";
    case errc::not_found:
      return "not found";
    case errc::unsupported:
      return "unsupported";
    case errc::cancelled:
      return "cancelled";
    case errc::io:
      return "I/O error";
  }
  return "unknown";
}

std::string_view name_of(party who) noexcept {
  switch (who) {
    case party::us:
      return "us";
    case party::client:
      return "client";
    case party::registry:
      return "registry";
    case party::token_server:
      return "token server";
    case party::intermediary:
      return "between";
    case party::proxy:
      return "proxy";
  }
  return "unknown";
}

std::string_view name_of(phase when) noexcept {
  switch (when) {
    case phase::start:
      return "start";
    case phase::accept:
      return "accept";
    case phase::resolve:
      return "resolve";
    case phase::connect:
      return "connect";
    case phase::tls:
      return "tls";
    case phase::head:
      return "head";
    case phase::body:
      return "body";
    case phase::tunnel:
      return "tunnel";
    case phase::idle:
      return "idle";
  }
  return "unknown";
}

std::string to_text(const error& e) {
  auto text = fmt::format("{}: {} ({})", name_of(e.when), name_of(e.code), name_of(e.who));
  if (!e.detail.empty()) {
    text += ": " + e.detail;
  } else if (e.os != 0) {
    text += ": " + std::generic_category().message(e.os);
  }
  return text;
}

std::unexpected<error> fail(errc code, std::string detail) {
  error e;
  e.code = code;
  e.detail = std::move(detail);
  return std::unexpected(std::move(e));
}

}  // namespace regpass
