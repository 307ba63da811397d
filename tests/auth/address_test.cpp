#include "auth/address.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>

#include <algorithm>

namespace regpass::auth {
namespace {

ip_bytes bytes_of(const std::string& text) {
  ip_bytes out{};
  if (text.contains(':')) {
    REQUIRE(inet_pton(AF_INET6, text.c_str(), out.data()) == 1);
    return out;
  }
  out[10] = out[11] = 0xff;
  REQUIRE(inet_pton(AF_INET, text.c_str(), out.data() + 12) == 1);
  return out;
}

struct row {
  const char* address;
  reach what;
};

}  // namespace

TEST_CASE("T03: IPv4 addresses by what they reach, at both ends of each block") {
  const auto [address, what] = GENERATE(values<row>({
      {"8.8.8.8", reach::global},
      {"1.0.0.0", reach::global},
      {"0.0.0.0", reach::unspecified},
      {"0.255.255.255", reach::unspecified},
      {"9.255.255.255", reach::global},
      {"10.0.0.0", reach::private_use},
      {"10.255.255.255", reach::private_use},
      {"11.0.0.0", reach::global},
      {"100.63.255.255", reach::global},
      {"100.64.0.0", reach::private_use},
      {"100.127.255.255", reach::private_use},
      {"100.128.0.0", reach::global},
      {"100.100.100.200", reach::metadata},
      {"100.100.100.201", reach::private_use},
      {"126.255.255.255", reach::global},
      {"127.0.0.0", reach::loopback},
      {"127.255.255.255", reach::loopback},
      {"128.0.0.0", reach::global},
      {"168.63.129.16", reach::metadata},
      {"168.63.129.17", reach::global},
      {"169.253.255.255", reach::global},
      {"169.254.0.0", reach::link_local},
      {"169.254.169.254", reach::link_local},
      {"169.254.255.255", reach::link_local},
      {"169.255.0.0", reach::global},
      {"172.15.255.255", reach::global},
      {"172.16.0.0", reach::private_use},
      {"172.31.255.255", reach::private_use},
      {"172.32.0.0", reach::global},
      {"192.0.0.192", reach::metadata},
      {"192.0.0.1", reach::special},
      {"192.0.1.0", reach::global},
      {"192.0.2.1", reach::special},
      {"192.88.99.1", reach::special},
      {"192.167.255.255", reach::global},
      {"192.168.0.0", reach::private_use},
      {"192.168.255.255", reach::private_use},
      {"192.169.0.0", reach::global},
      {"198.17.255.255", reach::global},
      {"198.18.0.0", reach::special},
      {"198.19.255.255", reach::special},
      {"198.20.0.0", reach::global},
      {"198.51.100.7", reach::special},
      {"203.0.113.7", reach::special},
      {"223.255.255.255", reach::global},
      {"224.0.0.1", reach::special},
      {"239.255.255.255", reach::special},
      {"240.0.0.0", reach::special},
      {"255.255.255.255", reach::special},
  }));
  INFO(address);
  CHECK(name_of(reach_of(bytes_of(address))) == name_of(what));
}

TEST_CASE("T03: IPv6 addresses by what they reach") {
  const auto [address, what] = GENERATE(values<row>({
      {"2606:4700::1", reach::global},
      {"2a00:1450:4001::1", reach::global},
      {"3ffe::1", reach::global},
      {"::", reach::unspecified},
      {"::1", reach::loopback},
      {"fc00::1", reach::private_use},
      {"fdff:ffff::1", reach::private_use},
      {"fe00::1", reach::special},
      {"fe7f::1", reach::special},
      {"fe80::1", reach::link_local},
      {"febf:ffff::1", reach::link_local},
      {"fec0::1", reach::special},
      {"ff02::1", reach::special},
      {"fd00:ec2::254", reach::metadata},
      {"fd00:ec2::23", reach::metadata},
      {"fd20:ce::254", reach::metadata},
      {"fd00:42::42", reach::metadata},
      {"fd00:ec2::255", reach::private_use},
      {"2001:db8::1", reach::special},
      {"2001:2::1", reach::special},
      {"2001:1ff::1", reach::special},
      {"2001:200::1", reach::global},
      {"3fff::1", reach::special},
      {"3fff:fff::1", reach::special},
      {"3fff:1000::1", reach::global},
      {"100::1", reach::special},
      {"4000::1", reach::special},
      {"5f00::1", reach::special},
      {"64:ff9c::1", reach::special},
      {"0:0:0:1::1", reach::special},
  }));
  INFO(address);
  CHECK(name_of(reach_of(bytes_of(address))) == name_of(what));
}

TEST_CASE("T03: an IPv4 address hidden in IPv6 is judged as itself") {
  const auto [address, what] = GENERATE(values<row>({
      {"::ffff:127.0.0.1", reach::loopback},
      {"::ffff:169.254.169.254", reach::link_local},
      {"::ffff:8.8.8.8", reach::global},
      {"::127.0.0.1", reach::loopback},
      {"::8.8.8.8", reach::global},
      {"::0.0.0.2", reach::unspecified},
      {"::ffff:0:10.0.0.1", reach::private_use},
      {"64:ff9b::169.254.169.254", reach::link_local},
      {"64:ff9b::8.8.8.8", reach::global},
      {"64:ff9b::100.100.100.200", reach::metadata},
      {"2002:7f00:1::1", reach::loopback},
      {"2002:a9fe:a9fe::", reach::link_local},
      {"2002:808:808::1", reach::global},
      {"2001:0:808:808:0:0:80ff:fffe", reach::loopback},    // Teredo, client 127.0.0.1
      {"2001:0:808:808:0:0:5601:5601", reach::link_local},  // Teredo, client 169.254.169.254
      {"2001:0:7f00:1:0:0:f7f7:f7f7", reach::global},       // Teredo, client 8.8.8.8
  }));
  INFO(address);
  CHECK(name_of(reach_of(bytes_of(address))) == name_of(what));
}

TEST_CASE("T03: local NAT64 prefixes are judged at every length that RFC 6052 knows") {
  const auto [address, what] = GENERATE(values<row>({
      {"64:ff9b:1::8.8.8.8", reach::global},
      {"64:ff9b:1::127.0.0.1", reach::loopback},
      {"64:ff9b:1:808:8:800::", reach::global},         // /48: 8.8.8.8
      {"64:ff9b:1:7f00:0:100::", reach::loopback},      // /48: 127.0.0.1
      {"64:ff9b:1:a9fe:a9:fe00::", reach::link_local},  // /48: 169.254.169.254
      {"64:ff9b:1:7f:0:1::", reach::loopback},          // /56: 127.0.0.1
      {"64:ff9b:1:0:a:0:100:0", reach::private_use},    // /64: 10.0.0.1
      {"64:ff9b:1::", reach::unspecified},
  }));
  INFO(address);
  CHECK(name_of(reach_of(bytes_of(address))) == name_of(what));
}

TEST_CASE("T03: each rule admits what it says") {
  struct expectation {
    const char* address;
    bool public_only, private_too, loopback_too;
  };
  const auto [address, one, two, three] = GENERATE(values<expectation>({
      {"8.8.8.8", true, true, true},
      {"10.0.0.1", false, true, true},
      {"127.0.0.1", false, false, true},
      {"::1", false, false, true},
      {"fd00:ec2::254", false, false, false},
      {"168.63.129.16", false, false, false},
      {"169.254.169.254", false, false, false},
      {"0.0.0.0", false, false, false},
      {"224.0.0.1", false, false, false},
  }));
  INFO(address);
  CHECK(judge_address(bytes_of(address), address_rule::public_only, address).has_value() == one);
  CHECK(judge_address(bytes_of(address), address_rule::private_too, address).has_value() == two);
  CHECK(judge_address(bytes_of(address), address_rule::loopback_too, address).has_value() == three);
}

TEST_CASE("a refusal names the address and what it is") {
  const auto refusal = [](const char* address) {
    const auto judged = judge_address(bytes_of(address), address_rule::public_only, address);
    CHECK(judged.error().code == errc::denied);
    return judged.error().detail;
  };
  CHECK(refusal("169.254.169.254") == "169.254.169.254 is a link-local address");
  CHECK(refusal("10.0.0.1") == "10.0.0.1 is a private address");
  CHECK(refusal("64:ff9b::7f00:1") == "64:ff9b::7f00:1 is a loopback address");
  CHECK(refusal("168.63.129.16") == "168.63.129.16 is a cloud metadata address");
  CHECK(refusal("::") == ":: is an unspecified address");
  CHECK(refusal("255.255.255.255") == "255.255.255.255 is a special-purpose address");
}

}  // namespace regpass::auth
