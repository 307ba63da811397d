#include "forward/session/unused_entries.hpp"

#include "forward/exchange/route.hpp"

namespace regpass::forward {

namespace {

constexpr std::size_t max_entries = 8;

}  // namespace

void note_entries(diagnosis::evidence& seen, const target& to, const snapshot& from) {
  if (from.upstream_proxy && from.upstream_proxy->proxy) {
    const bool excepted = from.upstream_proxy->except.covers(to.origin.host, to.origin.port);
    seen.way = excepted ? diagnosis::upstream_route::no_proxy : diagnosis::upstream_route::proxy;
  }
  if (const auto* served = from.find(to.registry)) {
    seen.ca_file = served->options.trust.ca_file.string();
    seen.client_cert_file = served->options.trust.client_cert_file.string();
    return;
  }
  seen.unserved = true;
  for (const auto& [host, entry] : from.registries) {
    if (seen.entries.size() < max_entries) seen.entries.push_back(registry::to_text(host));
  }
  if (to.tls()) return;
  const auto* over = from.find(over_tls(to).registry);
  const bool upgrades = over != nullptr && over->options.upgrade_plain_http;
  if (over != nullptr && !upgrades)
    seen.tls_entry = over->configured ? diagnosis::entry_kind::registry : diagnosis::entry_kind::credential;
}

}  // namespace regpass::forward
