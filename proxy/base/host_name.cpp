#include "regpass/base/host_name.hpp"

#include "regpass/base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

namespace regpass {
namespace {

std::optional<std::string> canonical_address(const std::string& text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), bytes.data()) != 1) continue;
    return ::inet_ntop(family, bytes.data(), out.data(), out.size());
  }
  return std::nullopt;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// RFC 952 does not allow underscores in host names, but container networks use them.
bool is_name_character(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

bool is_label(std::string_view label) noexcept {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-';
}

bool is_name(std::string_view name) noexcept {
  if (name.size() > 253) return false;
  while (true) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// inet_aton, and with it getaddrinfo, reads "10.1" and "0x7f.1" as addresses; no top-level domain looks like that.
bool ends_in_number(std::string_view name) noexcept {
  const auto last = name.substr(name.rfind('.') + 1);
  return std::ranges::all_of(last, is_digit) || last.starts_with("0x");
}

std::unexpected<error> refuse(std::string_view reason, std::string_view text) {
  return fail(errc::bad_input, fmt::format("{}: \"{}\"", reason, clean(text)));
}

result<std::uint16_t> parse_port(std::string_view digits, std::string_view text) {
  std::uint16_t port = 0;
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  const auto [stopped, failed] = std::from_chars(begin, end, port);
  if (failed != std::errc{} || stopped != end || port == 0) return refuse("no valid port", text);
  return port;
}

// Where the host ends and a port may begin.
std::size_t host_length(std::string_view text) noexcept {
  if (!text.starts_with('[')) return std::min(text.find(':'), text.size());
  const auto bracket = text.find(']');
  return bracket == std::string_view::npos ? text.size() : bracket + 1;
}

result<std::string> host_of(std::string_view text) {
  if (!text.starts_with('[')) return canonical_host(text);
  if (!text.ends_with(']')) return refuse("bracket without its twin", text);
  auto address = canonical_address(std::string(text.substr(1, text.size() - 2)));
  if (!address || address->find(':') == std::string::npos) return refuse("no IPv6 address in brackets", text);
  return *std::move(address);
}

}  // namespace

result<std::string> canonical_host(std::string_view text) {
  auto name = lower(text);
  if (auto address = canonical_address(name)) return *std::move(address);
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return fail(errc::bad_input, "empty host name");
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return refuse("host name is not ASCII, write it in its xn-- form", text);
  }
  if (!std::ranges::all_of(name, is_name_character) || !is_name(name)) {
    return refuse("no host name", text);
  }
  if (ends_in_number(name)) {
    return refuse("neither a host name nor a complete address", text);
  }
  return name;
}

result<host_port> parse_host_port(std::string_view text, std::uint16_t fallback) {
  if (text.find('@') != std::string_view::npos) return fail(errc::bad_input, "user information in a host");
  const auto length = host_length(text);
  auto host = host_of(text.substr(0, length));
  if (!host) return std::unexpected(host.error());
  const auto rest = text.substr(length);
  if (rest.empty() && fallback != 0) return host_port{*std::move(host), fallback};
  if (rest.empty()) return refuse("port missing", text);
  if (!rest.starts_with(':')) return refuse("no host with port", text);
  const auto port = parse_port(rest.substr(1), text);
  if (!port) return std::unexpected(port.error());
  return host_port{*std::move(host), *port};
}

}  // namespace regpass
