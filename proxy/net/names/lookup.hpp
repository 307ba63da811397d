// Looks up one name in DNS and then, if nsswitch.conf names further sources, through the C library.
#pragma once

#include "net/names/name_files.hpp"
#include "regpass/async/task.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace regpass::net {

struct lookup_plan {
  std::string resolv_conf;
  std::uint16_t port = 53;
  dns_settings settings;
  name_sources sources;
  std::chrono::milliseconds second_family_within{500};
  std::shared_ptr<std::size_t> system_lookups;  // how many run in the C library
};

// A running lookup, and the means to end it early.
class lookup {
 public:
  lookup(const async::executor& runs_on, std::chrono::steady_clock::time_point ends_at)
      : on(runs_on), changed(runs_on), until(ends_at) {}
  void give_up() {
    given_up = true;
    changed.cancel();
  }
  bool over() const { return given_up || std::chrono::steady_clock::now() >= until; }

  async::executor on;
  boost::asio::steady_timer changed;  // cancelled to wake the lookup after any change
  std::chrono::steady_clock::time_point until;
  bool given_up = false;
};

struct lookup_outcome {
  result<std::vector<boost::asio::ip::address>> outcome;
  std::chrono::seconds ttl{0};
  bool exists = true;  // false: DNS says that the name does not exist or has no address
};

async::task<lookup_outcome> run_lookup(std::shared_ptr<lookup> work, std::string host, lookup_plan plan);

std::string servers_text(const dns_settings& settings);

}  // namespace regpass::net
