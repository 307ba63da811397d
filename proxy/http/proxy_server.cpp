#include "regpass/http/proxy_server.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace regpass::http {
namespace {

constexpr std::string_view scheme_mark = "://";
constexpr std::string_view hidden = "***";

std::optional<int> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// False for a broken escape.
bool decode_percent(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return false;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return true;
}

result<secret> parse_login(std::string_view user_info) {
  const auto colon = std::min(user_info.find(':'), user_info.size());
  std::string login;
  bool good = decode_percent(user_info.substr(0, colon), login);
  good = good && login.find(':') == std::string::npos;  // RFC 7617 section 2: no colon in a user name
  login += ':';
  good = good && (colon == user_info.size() || decode_percent(user_info.substr(colon + 1), login));
  secret kept(login);
  wipe(login);
  if (good) return kept;
  return fail(errc::bad_input, "user or password of the proxy cannot be decoded; write % as %25, @ as %40, : as %3A");
}

// What a login is for, in a field of its own.
std::string basic(const secret& login) {
  return "Basic " + base64(login.expose());
}

errc code_of(int status) noexcept {
  if (status == 408 || status == 504) return errc::timed_out;
  if (status >= 400 && status < 500) return errc::refused;
  return status >= 500 && status < 600 ? errc::unreachable : errc::bad_message;
}

// A proxy that requires a login lists the schemes it accepts.
std::string wanted(const response_head& head) {
  std::string schemes;
  for (const auto offer : head.headers.all("Proxy-Authenticate")) {
    schemes += (schemes.empty() ? " and wants " : " or ") + clean(offer.substr(0, offer.find(' ')), 32);
  }
  return schemes;
}

}  // namespace

result<proxy_server> parse_proxy(std::string_view text) {
  const auto mark = text.find(scheme_mark);
  const auto scheme = mark == std::string_view::npos ? std::string("http") : lower(text.substr(0, mark));
  if (default_port(scheme) == 0) return fail(errc::unsupported, "only http:// and https:// proxies are supported");
  auto rest = mark == std::string_view::npos ? text : text.substr(mark + scheme_mark.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);

  proxy_server parsed;
  const auto at = rest.rfind('@');
  if (at != std::string_view::npos) {
    auto login = parse_login(rest.substr(0, at));
    if (!login) return std::unexpected(login.error());
    parsed.login = std::move(*login);
    rest.remove_prefix(at + 1);
  }
  const auto parts = parse_authority(rest, default_port(scheme));
  if (!parts) return fail(errc::bad_input, "no host with a port such as proxy.corp:3128 in it");
  parsed.at = origin{scheme, parts->host, parts->port};
  return parsed;
}

std::string masked_proxy(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  const auto mark = text.find(scheme_mark);
  const auto begin = mark == std::string_view::npos || mark > at ? 0 : mark + scheme_mark.size();
  const auto colon = text.substr(begin, at - begin).find(':');
  std::string out(text.substr(0, begin));
  if (colon != std::string_view::npos) out.append(text.substr(begin, colon)).append(":");
  return out.append(hidden).append(text.substr(at));
}

void add_to(secret_mask& mask, const proxy_server& proxy) {
  const auto login = proxy.login.expose();
  if (login.empty()) return;
  const auto colon = std::min(login.find(':'), login.size());
  mask.add_login(login.substr(0, colon), login.substr(std::min(colon + 1, login.size())));
}

std::string shown(const proxy_server& proxy) {
  const bool v6 = proxy.at.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), proxy.at.host, proxy.at.port);
}

secret connect_request(const proxy_server& proxy, const std::string& authority) {
  request_head head;
  head.method = "CONNECT";
  head.target = authority;
  head.headers.add("Host", authority);
  head.headers.add("User-Agent", "regpass");
  auto text = write_head(head);
  if (!proxy.login.empty()) {
    auto field = basic(proxy.login);
    text.insert(text.size() - 2, "Proxy-Authorization: " + field + "\r\n");
    wipe(field);
  }
  secret bytes(text);
  wipe(text);
  return bytes;
}

result<void> judge_connect(const proxy_server& proxy, const std::string& authority, const response_head& head) {
  if (head.status >= 200 && head.status < 300) return {};
  secret_mask mask;
  add_to(mask, proxy);
  const auto quoted = [&](std::string_view text) { return mask_recognisable(mask.apply(text)); };
  const auto reason = head.reason.empty() ? std::string(reason_phrase(head.status)) : quoted(head.reason);
  const bool refused_login = head.status == 407 && !proxy.login.empty();
  auto wants = head.status == 407 ? quoted(wanted(head)) : std::string();
  // regpass sends Basic: that the proxy accepts Basic explains nothing.
  if (refused_login && wants.find("Basic") != std::string::npos) wants.clear();
  const auto detail =
      fmt::format("the proxy {} answered \"{} {}\" to {} {}{}", shown(proxy), head.status, ascii_line(reason, 100),
                  refused_login ? "regpass's login for" : "CONNECT", authority, wants);
  return std::unexpected(error{.code = code_of(head.status),
                               .who = party::proxy,
                               .when = phase::connect,
                               .detail = detail,
                               .os = 0,
                               .answer_started = false});
}

}  // namespace regpass::http
