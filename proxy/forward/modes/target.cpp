#include "forward/modes/target.hpp"

namespace regpass::forward {

target make_target(target::way way, http::origin origin) {
  target to;
  to.came_by = way;
  to.registry = registry::make_host(origin.host, origin.port);
  to.origin = std::move(origin);
  return to;
}

result<target> parse_proxy_target(http::request_head& head) {
  if (head.method == "CONNECT") {
    auto parts = http::parse_authority(head.target, 0);
    if (!parts) return std::unexpected(parts.error());
    return make_target(target::way::connect,
                       http::origin{.scheme = "https", .host = std::move(parts->host), .port = parts->port});
  }
  if (head.target.starts_with('/') || head.target == "*") {
    return fail(errc::bad_message, "this port is a proxy: it takes CONNECT host:port and http://host/path, not \"" +
                                       head.method +
                                       " /…\"; set HTTPS_PROXY to it, or add a [[mirror]] to use as a registry");
  }
  auto url = http::parse_absolute(head.target);
  if (!url) return std::unexpected(url.error());
  if (url->origin.scheme != "http") {
    return fail(errc::bad_message, "an https:// target must come by CONNECT");
  }
  head.target = url->target;
  head.headers.set("Host", http::authority(url->origin));
  return make_target(target::way::absolute_form, url->origin);
}

}  // namespace regpass::forward
