// The files that say how names are resolved: hosts(5), resolv.conf(5), nsswitch.conf(5).
#pragma once

#include <boost/asio/ip/address.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace regpass::net {

using hosts_table = std::unordered_map<std::string, std::vector<boost::asio::ip::address>>;

// Unreadable lines are skipped, as in the C library.
hosts_table parse_hosts(std::string_view text);

struct dns_settings {
  std::vector<std::string> servers;  // for messages: c-ares reads the file itself
  std::vector<std::string> search;
  unsigned ndots = 1;
  bool over_tcp = false;
};

// `host_name` is this machine's name: its domain is searched if the file has neither `search` nor `domain`.
dns_settings parse_resolv_conf(std::string_view text, std::string_view host_name);

// The names to ask a name server for, in order.
std::vector<std::string> candidates(const std::string& host, const dns_settings& settings);

struct name_sources {
  bool files = true;
  bool dns = true;
  bool others = false;  // modules that only the C library has: mDNS, LDAP, this machine's own name ...
};
name_sources parse_nsswitch(std::string_view text);

// Identifies the state of a file by stat(2) alone: the text differs after the file was changed or replaced.
std::string file_mark(const std::filesystem::path& path);

}  // namespace regpass::net
