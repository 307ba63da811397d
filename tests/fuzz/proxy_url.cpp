// HTTPS_PROXY and NO_PROXY, whose text may hold a password.
#include "fuzz.hpp"
#include "http/no_proxy.hpp"
#include "regpass/http/proxy_server.hpp"

#include <algorithm>
#include <string>

using namespace regpass;

namespace {

constexpr std::string_view canary = "canary-";

}  // namespace

REGPASS_FUZZ_TARGET(proxy_url) {
  const auto line = fuzz::take_line(bytes);
  const http::no_proxy except(bytes);
  for (const auto* host : {"registry.test", "10.1.2.3", "::1", "a"}) (void)except.covers(host, 443);
  fuzz::promise(except.covers("127.0.0.1", 443) && except.covers("localhost", 80), "loopback never goes by a proxy");

  const auto proxy = http::parse_proxy(line);
  if (!proxy) {
    fuzz::promise(proxy.error().detail.find(canary) == std::string::npos,
                  "errors do not repeat what may be a password");
    return;
  }
  const auto at = line.rfind('@');
  const bool once = line.find(canary) != std::string_view::npos && line.find(canary) == line.rfind(canary);
  const bool in_password = once && at != std::string_view::npos && line.find(canary) < at &&
                           line.substr(0, line.find(canary)).ends_with(':');
  fuzz::promise(!in_password || http::masked_proxy(line).find(canary) == std::string::npos, "a password is masked");
  const auto request = http::connect_request(*proxy, "registry.test:443");
  const auto text = request.expose();
  const auto lines = proxy->login.empty() ? 4 : 5;
  fuzz::promise(std::ranges::count(text, '\n') == lines, "a login adds one line to CONNECT");
}
