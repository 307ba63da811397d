#include "net/own_address.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
#include <optional>

namespace regpass::net {

namespace {

namespace ip = boost::asio::ip;

ip::address unmapped(const ip::address& address) {
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return mapped ? ip::address(ip::make_address_v4(ip::v4_mapped, address.to_v6())) : address;
}

std::optional<ip::address> address_of(const sockaddr* at) {
  if (at == nullptr) return std::nullopt;
  if (at->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, at, sizeof v4);
    return ip::make_address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (at->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, at, sizeof v6);
  ip::address_v6::bytes_type bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return ip::make_address_v6(bytes);
}

bool is_same(const ip::address& left, const ip::address& right) {
  if (left.is_v6() && right.is_v6()) return left.to_v6().to_bytes() == right.to_v6().to_bytes();  // ignores the zone
  return left == right;
}

}  // namespace

bool is_own_address(const ip::address& address) {
  const auto peer = unmapped(address);
  if (peer.is_loopback()) return true;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(all, ::freeifaddrs);
  for (const auto* entry = all; entry != nullptr; entry = entry->ifa_next) {
    const auto own = address_of(entry->ifa_addr);
    if (own && is_same(*own, peer)) return true;
  }
  return false;
}

}  // namespace regpass::net
