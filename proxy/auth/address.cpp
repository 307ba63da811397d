#include "auth/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

namespace regpass::auth {
namespace {

using v4_bytes = std::array<std::uint8_t, 4>;

template <std::size_t N>
struct prefix {
  std::array<std::uint8_t, N> bytes;
  unsigned bits;
  reach what;

  constexpr bool holds(const std::array<std::uint8_t, N>& address) const noexcept {
    const auto whole = bits / 8;
    if (!std::equal(bytes.begin(), bytes.begin() + whole, address.begin())) return false;
    if (bits % 8 == 0) return true;
    return ((bytes[whole] ^ address[whole]) >> (8 - bits % 8)) == 0;
  }
};

// The first that holds decides. IANA's IPv4 special-purpose registry, and metadata services that live outside of it.
constexpr prefix<4> v4_table[] = {
    {{100, 100, 100, 200}, 32, reach::metadata},  // Alibaba Cloud
    {{168, 63, 129, 16}, 32, reach::metadata},    // Azure's WireServer
    {{192, 0, 0, 192}, 32, reach::metadata},      // Oracle Cloud (Classic)
    {{0}, 8, reach::unspecified},
    {{10}, 8, reach::private_use},
    {{100, 64}, 10, reach::private_use},
    {{127}, 8, reach::loopback},
    {{169, 254}, 16, reach::link_local},
    {{172, 16}, 12, reach::private_use},
    {{192, 0, 0}, 24, reach::special},
    {{192, 0, 2}, 24, reach::special},    // documentation
    {{192, 88, 99}, 24, reach::special},  // 6to4 relays, deprecated
    {{192, 168}, 16, reach::private_use},
    {{198, 18}, 15, reach::special},       // benchmarking
    {{198, 51, 100}, 24, reach::special},  // documentation
    {{203, 0, 113}, 24, reach::special},   // documentation
    {{224}, 4, reach::special},            // multicast
    {{240}, 4, reach::special},            // reserved, broadcast
};

// IANA's IPv6 registry likewise; addresses that carry an IPv4 address were taken out before.
constexpr prefix<16> v6_table[] = {
    {{}, 128, reach::unspecified},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, reach::loopback},
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, reach::metadata},  // AWS
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23}, 128, reach::metadata},     // AWS EKS pod identity
    {{0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, reach::metadata},  // Google Cloud
    {{0xfd, 0x00, 0x00, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42}, 128, reach::metadata},     // Scaleway
    {{0xfc}, 7, reach::private_use},
    {{0xfe, 0x80}, 10, reach::link_local},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, reach::special},  // documentation
    {{0x20, 0x01, 0x00}, 23, reach::special},        // protocol assignments
    {{0x3f, 0xff, 0x00}, 20, reach::special},        // documentation
    {{0x20}, 3, reach::global},
    {{}, 0, reach::special},  // everything outside 2000::/3
};

template <std::size_t N>
reach look_up(std::span<const prefix<N>> table, const std::array<std::uint8_t, N>& address, reach otherwise) noexcept {
  const auto found = std::ranges::find_if(table, [&](const auto& one) { return one.holds(address); });
  return found == table.end() ? otherwise : found->what;
}

reach reach_of_v4(const v4_bytes& address) noexcept {
  return look_up<4>(v4_table, address, reach::global);
}

bool starts_with(const ip_bytes& address, std::initializer_list<std::uint8_t> start) noexcept {
  return std::equal(start.begin(), start.end(), address.begin());
}

v4_bytes pick(const ip_bytes& from, std::array<std::size_t, 4> places, std::uint8_t mask = 0) noexcept {
  v4_bytes out{};
  std::ranges::transform(places, out.begin(), [&](auto at) { return static_cast<std::uint8_t>(from[at] ^ mask); });
  return out;
}

// RFC 6052 section 2.2: where an IPv4 address stands depends on the length of the NAT64 prefix, which only the network
// knows. Behind the IPv4 address everything is zero, which leaves few readings; the first that does not reach the world
// decides.
reach reach_of_local_nat64(const ip_bytes& address) noexcept {
  struct reading {
    std::array<std::size_t, 4> places;
    std::size_t zero_from;
  };
  static constexpr reading readings[] = {
      {{6, 7, 9, 10}, 11}, {{7, 9, 10, 11}, 12}, {{9, 10, 11, 12}, 13}, {{12, 13, 14, 15}, 16}};
  bool any = false;
  for (const auto& one : readings) {
    const auto tail = std::span(address).subspan(one.zero_from);
    const auto inside = pick(address, one.places);
    if (inside == v4_bytes{} || std::ranges::any_of(tail, [](auto byte) { return byte != 0; })) continue;
    any = true;
    if (const auto found = reach_of_v4(inside); found != reach::global) return found;
  }
  return any ? reach::global : reach::unspecified;
}

constexpr std::array<std::size_t, 4> last_four{12, 13, 14, 15};

std::optional<v4_bytes> v4_inside(const ip_bytes& address) noexcept {
  const bool zeros = starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0});
  const auto middle = std::array{address[8], address[9], address[10], address[11]};
  if (zeros && middle == std::array<std::uint8_t, 4>{0, 0, 0xff, 0xff}) return pick(address, last_four);  // mapped
  if (zeros && middle == std::array<std::uint8_t, 4>{0xff, 0xff, 0, 0}) return pick(address, last_four);  // RFC 2765
  if (starts_with(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return pick(address, last_four);
  if (starts_with(address, {0x20, 0x02})) return pick(address, {2, 3, 4, 5});           // 6to4
  if (starts_with(address, {0x20, 0x01, 0, 0})) return pick(address, last_four, 0xff);  // Teredo's client
  const bool host_only = zeros && middle == std::array<std::uint8_t, 4>{};
  const bool plain_v6 = address[12] == 0 && address[13] == 0 && address[14] == 0 && address[15] <= 1;  // :: and ::1
  if (host_only && !plain_v6) return pick(address, last_four);                                         // v4-compatible
  return std::nullopt;
}

std::string_view described(reach what) noexcept {
  switch (what) {
    case reach::global:
      return "a public address";
    case reach::private_use:
      return "a private address";
    case reach::loopback:
      return "a loopback address";
    case reach::link_local:
      return "a link-local address";
    case reach::metadata:
      return "a cloud metadata address";
    case reach::unspecified:
      return "an unspecified address";
    case reach::special:
      break;
  }
  return "a special-purpose address";
}

bool allows(address_rule rule, reach what) noexcept {
  if (what == reach::global) return true;
  if (what == reach::private_use) return rule != address_rule::public_only;
  return what == reach::loopback && rule == address_rule::loopback_too;
}

}  // namespace

std::string_view name_of(reach what) noexcept {
  switch (what) {
    case reach::global:
      return "global";
    case reach::private_use:
      return "private";
    case reach::loopback:
      return "loopback";
    case reach::link_local:
      return "link-local";
    case reach::metadata:
      return "metadata";
    case reach::unspecified:
      return "unspecified";
    case reach::special:
      break;
  }
  return "special";
}

reach reach_of(const ip_bytes& address) noexcept {
  if (starts_with(address, {0, 0x64, 0xff, 0x9b, 0, 1})) return reach_of_local_nat64(address);
  if (const auto inside = v4_inside(address)) return reach_of_v4(*inside);
  return look_up<16>(v6_table, address, reach::special);
}

result<void> judge_address(const ip_bytes& address, address_rule rule, std::string_view shown_as) {
  const auto what = reach_of(address);
  if (allows(rule, what)) return {};
  return fail(errc::denied, fmt::format("{} is {}", shown_as, described(what)));
}

}  // namespace regpass::auth
