#include "daemon/report/upstream_proxy_report.hpp"

#include "regpass/base/log.hpp"
#include "regpass/http/proxy_server.hpp"

namespace regpass::daemon {

void log_upstream_proxy(const config::loaded& from) {
  const auto configured = from.settings.upstream.proxy.expose();
  const auto& origin = from.origins.at("upstream.proxy");
  if (configured == "direct") return;
  if (!configured.empty()) {
    const auto proxy = http::masked_proxy(configured);
    log::write(log::level::info, "way-out", "regpass connects through the upstream proxy " + proxy,
               {{"proxy", proxy}, {"by", origin}});
  } else if (origin.ends_with("is ignored")) {
    log::write(log::level::warn, "way-out", "no upstream proxy is used (" + origin + ")", {{"by", origin}});
  }
}

}  // namespace regpass::daemon
