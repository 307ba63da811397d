#include "daemon/upstream_proxy_report.hpp"

#include "regpass/base/log.hpp"
#include "regpass/http/proxy_server.hpp"

namespace regpass::daemon {

void log_way_out(const config::loaded& from) {
  const auto written = from.settings.upstream.proxy.expose();
  const auto& origin = from.origins.at("upstream.proxy");
  if (written == "direct") return;
  if (!written.empty()) {
    const auto proxy = http::masked_proxy(written);
    log::write(log::level::info, "way-out", "the way out is the proxy " + proxy, {{"proxy", proxy}, {"by", origin}});
  } else if (origin.ends_with("is ignored")) {
    log::write(log::level::warn, "way-out", "there is no proxy on the way out (" + origin + ")", {{"by", origin}});
  }
}

}  // namespace regpass::daemon
