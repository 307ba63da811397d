#include "forward/session/client_auth.hpp"

#include "regpass/base/text.hpp"

#include <string>
#include <tuple>

namespace regpass::forward {

namespace {

constexpr std::string_view scheme = "Basic";

// Everything after the first colon: user names contain none (RFC 7617 section 2).
result<secret> password_of(std::string_view credentials, std::string* user = nullptr) {
  std::string pair;
  const auto flaw = decode_base64(trim(credentials), pair);
  const auto colon = pair.find(':');
  const bool readable = !flaw && colon != std::string::npos;
  if (readable && user != nullptr) user->assign(pair, 0, colon);
  secret found(readable ? std::string_view(pair).substr(colon + 1) : std::string_view());
  wipe(pair);
  if (!readable) return fail(errc::denied, "the client's Proxy-Authorization is not base64 of user:password");
  return found;
}

}  // namespace

result<void> authenticate(const http::fields& headers, const secret* password) {
  if (password == nullptr) return {};
  const auto given = headers.all("Proxy-Authorization");
  if (given.empty()) return fail(errc::denied, "the client sent no Proxy-Authorization");
  if (given.size() > 1) return fail(errc::denied, "the client sent more than one Proxy-Authorization");
  const auto blank = given.front().find(' ');
  if (blank == std::string_view::npos || !iequals(given.front().substr(0, blank), scheme)) {
    return fail(errc::denied, "the client's Proxy-Authorization is not of the scheme Basic");
  }
  const auto shown = password_of(given.front().substr(blank));
  if (!shown) return std::unexpected(shown.error());
  if (*shown == *password) return {};
  return fail(errc::denied, "the client's password is not that of [client_auth]");
}

std::string proxy_user(const http::fields& headers) {
  std::string user;
  const auto given = headers.get("Proxy-Authorization").value_or(std::string_view());
  const auto blank = given.find(' ');
  if (blank != std::string_view::npos) std::ignore = password_of(given.substr(blank), &user);
  return user;
}

}  // namespace regpass::forward
