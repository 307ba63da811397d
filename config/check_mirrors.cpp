#include "assembly.hpp"
#include "regpass/net/listener.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace regpass::config {
namespace {

using endpoint = boost::asio::ip::tcp::endpoint;

// An address that is listened on, by the key that says so.
struct taken {
  endpoint at;
  std::string key, shown;
};

void check_given(assembly& a, const std::string& prefix, const std::string& key, const std::string& example) {
  if (a.places.contains(prefix + key)) return;
  a.complain(a.place_of(prefix), fmt::format("[[mirror]] without `{}`", key), fmt::format("write {}", example));
}

void check_loopback(assembly& a, const taken& one) {
  if (one.at.address().is_loopback()) return;
  a.complain(a.place_of(one.key),
             fmt::format("`listen` = \"{}\" of [[mirror]] is no loopback address: whoever reaches it would use the "
                         "credentials, over plain HTTP",
                         one.shown),
             fmt::format("write listen = \"127.0.0.1:{}\"", one.at.port()));
}

void check_free(assembly& a, const taken& one, const std::vector<taken>& before) {
  const auto first = std::ranges::find(before, one.at, &taken::at);
  if (first == before.end()) return;
  const auto place = a.place_of(first->key);
  a.complain(a.place_of(one.key),
             fmt::format("`listen` = \"{}\" of [[mirror]] is taken by {}{}", one.shown,
                         first->key.starts_with("listen.") ? first->key : "another [[mirror]]",
                         place.empty() ? "" : " at " + place),
             "give each an address of its own; ?ns=HOST reaches several registries at one");
}

}  // namespace

// Whoever reaches a mirror acts with our credentials, in the clear (T33).
void check_mirrors(assembly& a) {
  const auto& s = a.result.settings;
  std::vector<taken> before;
  for (const auto& mode : options::mode_addresses) {
    if (const auto at = net::parse_endpoint(s.listen.*mode.address)) before.push_back({*at, std::string(mode.key), ""});
  }
  for (std::size_t i = 0; i < s.mirrors.size(); ++i) {
    const auto prefix = mirror_prefix(i);
    check_given(a, prefix, "listen", "listen = \"127.0.0.1:5000\"");
    check_given(a, prefix, "registry", "registry = \"harbor.example.com\"");
    const auto at = net::parse_endpoint(s.mirrors[i].listen);
    if (!at) continue;
    const taken one{*at, prefix + "listen", s.mirrors[i].listen};
    check_loopback(a, one);
    check_free(a, one, before);
    before.push_back(one);
  }
}

}  // namespace regpass::config
