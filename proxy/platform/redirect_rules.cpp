#include "platform/redirect_rules.hpp"

#include "regpass/base/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace regpass::platform {

namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view table = "table inet regpass";

struct network {
  std::string_view family;  // ip | ip6
  std::string text;         // host bits cleared, as nft wants it
};

result<network> parse_network(const std::string& text) {
  boost::system::error_code ec;
  const auto address = ip::make_address(text, ec);
  if (!ec) return network{address.is_v4() ? "ip" : "ip6", address.to_string()};
  const auto v4 = ip::make_network_v4(text, ec);
  if (!ec) return network{"ip", v4.canonical().to_string()};
  const auto v6 = ip::make_network_v6(text, ec);
  if (!ec) return network{"ip6", v6.canonical().to_string()};
  return fail(errc::bad_input, "\"" + clean(text) + "\" is no network, such as 10.0.0.0/8 or fd00::/8");
}

std::string ports_of(const std::vector<std::uint16_t>& ports) {
  return fmt::format("tcp dport {{ {} }}", fmt::join(ports, ", "));
}

}  // namespace

result<std::string> apply_rules(const redirect_plan& plan) {
  std::string text = fmt::format("{0}\ndelete {0}\n{0} {{\n  chain output {{\n", table);
  text += "    type nat hook output priority -100; policy accept;\n";
  text += fmt::format("    meta skuid {} return\n", plan.uid);
  text += "    oifname \"lo\" return\n";
  for (const auto& one : plan.except_networks) {
    const auto parsed = parse_network(one);
    if (!parsed) return std::unexpected(parsed.error());
    text += fmt::format("    {} daddr {} return\n", parsed->family, parsed->text);
  }
  if (!plan.except_ports.empty()) text += fmt::format("    {} return\n", ports_of(plan.except_ports));
  text += fmt::format("    {} counter redirect to :{}\n  }}\n}}\n", ports_of(plan.ports), plan.to);
  return text;
}

std::string remove_rules() {
  return fmt::format("{0}\ndelete {0}\n", table);
}

std::string list_rules() {
  return fmt::format("list {}\n", table);
}

nft_trouble explain_nft(std::string_view said) {
  const auto line = clean(said.substr(0, said.find('\n')), 200);
  if (said.find("Operation not permitted") != std::string_view::npos) {
    return {"the rules of this network namespace may not be touched: the capability CAP_NET_ADMIN is missing",
            "run it as root in an init container that has NET_ADMIN; regpass itself needs no capability"};
  }
  if (said.find("Protocol not supported") != std::string_view::npos ||
      said.find("Invalid argument") != std::string_view::npos) {
    return {"this kernel has no nf_tables: " + line, "load the module nf_tables on the node (Linux 5.2 or later)"};
  }
  if (said.find("No such file or directory") != std::string_view::npos ||
      said.find("not supported") != std::string_view::npos) {
    const bool redirecting = said.find("redirect to") != std::string_view::npos;
    const std::string part = redirecting ? "nft_redir" : "nft_chain_nat";
    return {"this kernel's nf_tables lacks NAT for the family inet (" + part + "): " + line,
            "load the modules nft_chain_nat and nft_redir on the node (Linux 5.2 or later)"};
  }
  return {"nftables refuses the rules: " + line, "report it with the output of `nft --version` and `uname -r`"};
}

bool says_no_table(std::string_view said) {
  return said.find("No such file or directory") != std::string_view::npos;
}

}  // namespace regpass::platform
