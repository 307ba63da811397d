#include "config/assembly.hpp"
#include "regpass/base/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace regpass::config {
namespace {

using endpoint = boost::asio::ip::tcp::endpoint;

// An address that regpass listens on, and the key that sets it.
struct taken {
  endpoint at;
  std::string key, shown;
};

void check_given(assembly& a, const std::string& prefix, const std::string& key, const std::string& example) {
  if (a.places.contains(prefix + key)) return;
  a.complain(a.place_of(prefix), fmt::format("[[mirror]] without `{}`", key), fmt::format("write {}", example));
}

void check_loopback(assembly& a, const taken& entry) {
  if (entry.at.address().is_loopback()) return;
  a.complain(
      a.place_of(entry.key),
      fmt::format("`listen` = \"{}\" of [[mirror]] is not a loopback address: anyone who can reach it could use the "
                  "credentials, over plain HTTP",
                  entry.shown),
      fmt::format("write listen = \"127.0.0.1:{}\"", entry.at.port()));
}

void check_free(assembly& a, const taken& entry, const std::vector<taken>& before) {
  const auto first = std::ranges::find(before, entry.at, &taken::at);
  if (first == before.end()) return;
  const auto place = a.place_of(first->key);
  a.complain(a.place_of(entry.key),
             fmt::format("`listen` = \"{}\" of [[mirror]] is taken by {}{}", entry.shown,
                         first->key.starts_with("listen.") ? first->key : "another [[mirror]]",
                         place.empty() ? "" : " at " + place),
             "use a different address for each; with ?ns=HOST one mirror serves several registries");
}

}  // namespace

// Anyone who can reach a mirror can use the credentials, unencrypted (T33).
void check_mirrors(assembly& a) {
  const auto& s = a.result.settings;
  std::vector<taken> before;
  for (const auto& mode : options::mode_addresses) {
    if (const auto at = parse_endpoint(s.listen.*mode.address)) before.push_back({*at, std::string(mode.key), ""});
  }
  for (std::size_t i = 0; i < s.mirrors.size(); ++i) {
    const auto prefix = mirror_prefix(i);
    check_given(a, prefix, "listen", "listen = \"127.0.0.1:5000\"");
    check_given(a, prefix, "registry", "registry = \"harbor.example.com\"");
    const auto at = parse_endpoint(s.mirrors[i].listen);
    if (!at) continue;
    const taken entry{*at, prefix + "listen", s.mirrors[i].listen};
    check_loopback(a, entry);
    check_free(a, entry, before);
    before.push_back(entry);
  }
}

}  // namespace regpass::config
