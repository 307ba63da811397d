// The rules that redirect connections to the transparent listener, as text for nft. Pure.
#pragma once

#include "regpass/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::platform {

struct redirect_plan {
  std::uint16_t to = 0;                       // the transparent listener's port
  std::uint32_t uid = 0;                      // regpass's own: whose connections are left alone
  std::vector<std::uint16_t> ports{443, 80};  // that are redirected
  std::vector<std::string> except_networks;   // "10.0.0.0/8", "fd00::/8", "192.0.2.7"
  std::vector<std::uint16_t> except_ports;    // wins over `ports`
};

// One table, `inet regpass`, whose chain is the whole of it: made anew, so that twice is the same as once.
// errc::bad_input for a network that is none.
result<std::string> apply_rules(const redirect_plan&);
// Removes the table, whether it is there or not.
std::string remove_rules();
std::string list_rules();

// What libnftables said, in words of what is missing and what to do.
struct nft_trouble {
  std::string what;
  std::string fix;
};
nft_trouble explain_nft(std::string_view said);
bool says_no_table(std::string_view said);

}  // namespace regpass::platform
