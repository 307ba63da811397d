// NO_PROXY as Go interprets it (golang.org/x/net/http/httpproxy): which hosts are connected to without the proxy.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::http {

// Elements are separated by commas: "host" (and its subdomains), ".suffix" or "*.suffix" (subdomains only),
// "host:port", an IP address with or without port, a CIDR, and "*" for everything. A CIDR matches address literals
// only, because names are not resolved for it. Other elements match nothing.
class no_proxy {
 public:
  no_proxy() = default;
  explicit no_proxy(std::string_view text);

  // `host` in canonical form (base/host_name.hpp). "localhost" and loopback addresses never use a proxy.
  bool covers(std::string_view host, std::uint16_t port) const;

 private:
  using ip_bytes = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
  struct network {
    ip_bytes address;
    unsigned bits;
    std::uint16_t port;  // 0: any
  };
  struct domain {
    std::string below;  // ".example.com"
    bool itself;
    std::uint16_t port;
  };
  void add(std::string_view element);

  bool all_ = false;
  std::vector<network> networks_;
  std::vector<domain> domains_;
};

}  // namespace regpass::http
