#include "http/no_proxy.hpp"

#include "regpass/base/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace regpass::http {
namespace {

using bytes16 = std::array<std::uint8_t, 16>;
constexpr unsigned v4_offset = 96;

std::optional<bytes16> address_of(std::string_view text) {
  const std::string name(text);
  bytes16 out{};
  if (::inet_pton(AF_INET6, name.c_str(), out.data()) == 1) return out;
  out.fill(0);
  if (::inet_pton(AF_INET, name.c_str(), out.data() + 12) != 1) return std::nullopt;
  out[10] = out[11] = 0xff;
  return out;
}

bool is_loopback(const bytes16& address) {
  static constexpr bytes16 v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  static constexpr std::array<std::uint8_t, 13> v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
  return address == v6 || std::equal(v4.begin(), v4.end(), address.begin());
}

bool same_bits(const bytes16& a, const bytes16& b, unsigned bits) {
  const auto whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits % 8));
  return (a[whole] & mask) == (b[whole] & mask);
}

template <class Number>
std::optional<Number> number(std::string_view digits) {
  Number out = 0;
  const auto* const begin = digits.data();
  const auto* const end = begin + digits.size();
  const auto [stopped, failed] = std::from_chars(begin, end, out);
  if (failed != std::errc{} || stopped != end) return std::nullopt;
  return out;
}

struct with_port {
  std::string_view host;
  std::uint16_t port = 0;
};

// An IPv6 address with a port stands in brackets; without one it may.
with_port split(std::string_view element) {
  const bool bracketed = element.starts_with('[');
  const auto colon = element.rfind(':');
  const bool bare_v6 = !bracketed && colon != element.find(':');
  with_port out{element};
  if (colon != std::string_view::npos && !bare_v6 && (!bracketed || element[colon - 1] == ']')) {
    if (const auto port = number<std::uint16_t>(element.substr(colon + 1))) out = {element.substr(0, colon), *port};
  }
  if (bracketed && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

}  // namespace

no_proxy::no_proxy(std::string_view text) {
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    add(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
}

void no_proxy::add(std::string_view element) {
  if (element == "*") all_ = true;
  const auto slash = element.find('/');
  if (slash != std::string_view::npos) {
    const auto address = address_of(element.substr(0, slash));
    const auto bits = number<unsigned>(element.substr(slash + 1));
    const bool v6 = element.find(':') != std::string_view::npos;
    if (address && bits && *bits <= (v6 ? 128 : 32)) networks_.push_back({*address, *bits + (v6 ? 0 : v4_offset), 0});
    return;
  }
  const auto [host, port] = split(element);
  if (const auto address = address_of(host)) return networks_.push_back({*address, 128, port});
  auto below = lower(host.starts_with("*.") ? host.substr(1) : host);
  if (below.ends_with('.')) below.pop_back();
  if (below.empty() || below == "*") return;
  const bool itself = !below.starts_with('.');
  domains_.push_back({itself ? "." + below : below, itself, port});
}

bool no_proxy::covers(std::string_view host, std::uint16_t port) const {
  const auto address = address_of(host);
  if (host == "localhost" || (address && is_loopback(*address)) || all_) return true;
  const auto on_port = [port](std::uint16_t only) { return only == 0 || only == port; };
  if (address) {
    return std::ranges::any_of(
        networks_, [&](const network& n) { return on_port(n.port) && same_bits(n.address, *address, n.bits); });
  }
  return std::ranges::any_of(domains_, [&](const domain& d) {
    return on_port(d.port) && (host.ends_with(d.below) || (d.itself && host == std::string_view(d.below).substr(1)));
  });
}

}  // namespace regpass::http
