#include "platform/redirect_rules.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::platform;

TEST_CASE("the rules: one table made anew, regpass and loopback spared, the rest redirected") {
  redirect_plan plan;
  plan.to = 13128;
  plan.uid = 2000;
  const auto rules = apply_rules(plan);
  REQUIRE(rules.has_value());
  CHECK(*rules == R"(table inet regpass
delete table inet regpass
table inet regpass {
  chain output {
    type nat hook output priority -100; policy accept;
    meta skuid 2000 return
    oifname "lo" return
    tcp dport { 443, 80 } counter redirect to :13128
  }
}
)");
  CHECK(remove_rules() == "table inet regpass\ndelete table inet regpass\n");
}

TEST_CASE("exceptions stand before the redirect, each in its family") {
  redirect_plan plan;
  plan.to = 1;
  plan.ports = {5443};
  plan.except_networks = {"10.1.2.3/8", "fd00::1/8", "192.0.2.7", "2001:db8::7"};
  plan.except_ports = {22, 25};
  const auto rules = apply_rules(plan);
  REQUIRE(rules.has_value());
  CHECK(rules->find(R"(    ip daddr 10.0.0.0/8 return
    ip6 daddr fd00::/8 return
    ip daddr 192.0.2.7 return
    ip6 daddr 2001:db8::7 return
    tcp dport { 22, 25 } return
    tcp dport { 5443 } counter redirect to :1
)") != std::string::npos);
}

TEST_CASE("what is no network never becomes a rule") {
  for (const auto* text : {"", "10.0.0.0/33", "a.test", "10.0.0.0/8 accept; flush ruleset", "fd00::/129"}) {
    redirect_plan plan;
    plan.except_networks = {text};
    INFO(text);
    CHECK_FALSE(apply_rules(plan).has_value());
  }
}

TEST_CASE("what libnftables says becomes what is missing") {
  const auto missing = [](std::string_view said) { return explain_nft(said).what; };
  CHECK(missing("netlink: Error: cache initialization failed: Operation not permitted\n").find("CAP_NET_ADMIN") !=
        std::string::npos);
  CHECK(missing("Error: Could not process rule: No such file or directory\n    type nat hook output")
            .find("nft_chain_nat") != std::string::npos);
  CHECK(missing("Error: Could not process rule: No such file or directory\n    tcp dport 1 redirect to :2")
            .find("nft_redir") != std::string::npos);
  CHECK(missing("Error: something else\nmore") == "nftables refuses the rules: Error: something else");
}
