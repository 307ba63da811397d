#include "daemon/listeners.hpp"

#include "regpass/net/endpoint.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <tuple>
#include <vector>

using namespace regpass;
using namespace regpass::daemon;

namespace {

// "proxy 127.0.0.1:3128, transparent …"; optional ones in brackets.
std::string opened(std::string proxy, std::string transparent, const std::vector<std::string>& mirrors = {}) {
  config::settings settings;
  settings.listen.proxy = std::move(proxy);
  settings.listen.transparent = std::move(transparent);
  for (const auto& listen : mirrors) settings.mirrors.push_back({listen, {"a.test", 443}, ""});
  const auto listen_points = listeners_for(settings);
  REQUIRE(listen_points.has_value());
  std::string all;
  for (const auto& point : *listen_points) {
    const auto text = std::string(point.mode->name()) + " " + net::shown(point.at);
    all += (all.empty() ? "" : ", ") + (point.required ? text : "(" + text + ")");
  }
  return all;
}

}  // namespace

TEST_CASE("Every configured address is listened on; the transparent mode adds an optional one for IPv6") {
  const auto [proxy, transparent, listen_points] = GENERATE(table<std::string, std::string, std::string>({
      {"127.0.0.1:3128", "", "proxy 127.0.0.1:3128"},
      {"127.0.0.1:3128", "127.0.0.1:1", "proxy 127.0.0.1:3128, transparent 127.0.0.1:1, (transparent [::1]:1)"},
      {"", "127.0.0.1:1", "transparent 127.0.0.1:1, (transparent [::1]:1)"},
      {"", "[::1]:1", "transparent [::1]:1"},
      {"", "127.0.0.2:1", "transparent 127.0.0.2:1"},
  }));
  CHECK(opened(proxy, transparent) == listen_points);
}

TEST_CASE("Every mirror is listened on unless it is switched off") {
  CHECK(opened("127.0.0.1:1", "", {"127.0.0.1:2", "", "[::1]:3"}) ==
        "proxy 127.0.0.1:1, mirror 127.0.0.1:2, mirror [::1]:3");
}
