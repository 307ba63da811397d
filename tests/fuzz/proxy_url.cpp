// HTTPS_PROXY and NO_PROXY, whose text may hold a password.
#include "fuzz/fuzz.hpp"
#include "regpass/http/no_proxy.hpp"
#include "regpass/http/proxy_server.hpp"

#include <algorithm>
#include <string>

using namespace regpass;

REGPASS_FUZZ_TARGET(proxy_url) {
  const auto line = fuzz::take_line(bytes);
  const http::no_proxy except(bytes);
  for (const auto* host : {"registry.test", "10.1.2.3", "::1", "a"}) (void)except.covers(host, 443);
  fuzz::promise(except.covers("127.0.0.1", 443) && except.covers("localhost", 80), "loopback never goes by a proxy");

  const auto proxy = http::parse_proxy(line);
  const auto masked = http::masked_proxy(line);
  const auto colon = line.rfind('@') == std::string_view::npos ? std::string_view::npos : line.find(":canary-");
  const bool is_password = colon != std::string_view::npos && colon < line.rfind('@') && line.find("://") == 4;
  fuzz::promise(!is_password || line.find(':') != 4 || masked.find(":canary-") == std::string::npos || !proxy,
                "a proxy's password is masked");
  if (!proxy) {
    fuzz::promise(line.size() < 12 || proxy.error().detail.find(line) == std::string::npos, "errors do not repeat it");
    return;
  }
  const auto request = http::connect_request(*proxy, "registry.test:443");
  const auto text = request.expose();
  const auto lines = proxy->login.empty() ? 4 : 5;
  fuzz::promise(std::ranges::count(text, '\n') == lines, "a login adds one line to CONNECT");
}
