// IP addresses by what they reach, so that the proxy is no way into the pod, the node or the cloud's metadata service
// (T03).
#pragma once

#include "regpass/base/error.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace regpass::auth {

// IPv4 as ::ffff:a.b.c.d.
using ip_bytes = std::array<std::uint8_t, 16>;

enum class reach : std::uint8_t {
  global,
  private_use,  // RFC 1918, RFC 6598 (100.64/10), fc00::/7
  loopback,
  link_local,   // 169.254/16 (metadata services among them), fe80::/10
  metadata,     // fd00:ec2::254, fd20:ce::254, 100.100.100.200, …: cloud metadata outside link-local
  unspecified,  // 0/8, ::
  special       // multicast, broadcast, reserved, documentation, benchmarking
};
std::string_view name_of(reach) noexcept;

// IPv4 hidden in IPv6 (v4-mapped, v4-compatible, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, 6to4, Teredo's client) is
// judged as that IPv4 address.
reach reach_of(const ip_bytes&) noexcept;

enum class address_rule : std::uint8_t {
  public_only,  // hosts that are no registry, deny_private_addresses = true
  private_too,  // registries by name; other hosts with deny_private_addresses = false
  loopback_too  // a registry that the configuration itself names "localhost" or by a loopback address
};
// errc::denied with a detail such as "169.254.169.254 is a link-local address".
result<void> judge_address(const ip_bytes&, address_rule, std::string_view shown_as);

}  // namespace regpass::auth
