// An address of this machine that is not loopback: connections to hosts that are not registries are never allowed to
// loopback, whatever the configuration (T03).
#pragma once

#include "auth/address.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>

namespace regpass::testing {

// The first such address that `private_too` allows, or none on a machine with only loopback and special addresses.
inline std::optional<std::string> reachable_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(all, ::freeifaddrs);
  for (const auto* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const int family = one->ifa_addr->sa_family;
    auth::ip_bytes bytes{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (family == AF_INET6) {
      const auto& address = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
      std::ranges::copy(address.s6_addr, bytes.begin());
      inet_ntop(family, &address, text.data(), text.size());
    } else if (family == AF_INET) {
      const auto& address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
      bytes[10] = bytes[11] = 0xff;
      const auto* octets = reinterpret_cast<const std::uint8_t*>(&address);
      std::copy_n(octets, 4, bytes.begin() + 12);
      inet_ntop(family, &address, text.data(), text.size());
    } else {
      continue;
    }
    if (auth::judge_address(bytes, auth::address_rule::private_too, text.data())) return std::string(text.data());
  }
  return std::nullopt;
}

}  // namespace regpass::testing
