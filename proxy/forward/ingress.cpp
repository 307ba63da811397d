#include "regpass/forward/target.hpp"

namespace regpass::forward {

namespace {

target make_target(target::way way, std::string scheme, std::string host, std::uint16_t port) {
  target made;
  made.came_by = way;
  made.registry = registry::make_host(host, port);
  made.origin = http::origin{.scheme = std::move(scheme), .host = std::move(host), .port = port};
  return made;
}

}  // namespace

result<target> ingress(http::request_head& head) {
  if (head.method == "CONNECT") {
    auto parts = http::parse_authority(head.target, 0);
    if (!parts) return std::unexpected(parts.error());
    return make_target(target::way::connect, "https", std::move(parts->host), parts->port);
  }
  if (head.target.starts_with('/') || head.target == "*") {
    return fail(errc::bad_message, "this port is a proxy: it takes CONNECT host:port and http://host/path, not \"" +
                                       head.method + " /…\"; set HTTPS_PROXY to it instead of using it as a registry");
  }
  auto url = http::parse_absolute(head.target);
  if (!url) return std::unexpected(url.error());
  if (url->origin.scheme != "http") {
    return fail(errc::bad_message, "an https:// target must come by CONNECT");
  }
  head.target = url->target;
  head.headers.set("Host", http::authority(url->origin));
  return make_target(target::way::absolute_form, "http", url->origin.host, url->origin.port);
}

}  // namespace regpass::forward
