// Reads the upstream proxy from the environment, and rejects one that is regpass itself.
#include "config/assembly.hpp"
#include "config/values/grammar.hpp"
#include "regpass/base/endpoint.hpp"
#include "regpass/http/proxy_server.hpp"
#include "regpass/registry/host.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

namespace regpass::config {
namespace {

constexpr auto key = "upstream.proxy";

// The first that is set, and its name. As in Go, upper case wins.
std::pair<std::string, std::string> variable(const inputs& in, const std::array<const char*, 2>& names) {
  for (const auto* name : names) {
    const auto found = in.environment.find(name);
    if (found != in.environment.end() && !found->second.empty()) return {found->second, name};
  }
  return {};
}

bool is_loopback(const std::string& host) {
  boost::system::error_code is_name;
  const auto address = boost::asio::ip::make_address(host, is_name);
  return host == "localhost" || (!is_name && address.is_loopback());
}

// Requests would loop.
bool is_own_listener(const std::string& host, std::uint16_t port, const std::string& listener) {
  const auto at = parse_endpoint(listener);
  if (!at || at->port() != port) return false;
  const auto here = at->address();
  return host == here.to_string() || (is_loopback(host) && (here.is_loopback() || here.is_unspecified()));
}

bool is_own_listener(std::string_view proxy, const std::string& listener) {
  const auto parsed = http::parse_proxy(proxy);
  return parsed && is_own_listener(parsed->at.host, parsed->at.port, listener);
}

void check_written(assembly& a) {
  const auto& s = a.result.settings;
  if (!is_own_listener(s.upstream.proxy.expose(), s.listen.proxy)) return;
  a.complain(a.place_of(key), fmt::format("`{}` is regpass's own listener, {}", key, s.listen.proxy),
             "name the corporate proxy, or write \"direct\" if there is none");
}

void check_registries(assembly& a) {
  const auto& s = a.result.settings;
  for (std::size_t i = 0; i < s.registries.size(); ++i) {
    const auto& host = s.registries[i].host;
    if (!is_own_listener(host.name, host.port, s.listen.proxy)) continue;
    a.complain(a.place_of(registry_prefix(i) + "host"),
               fmt::format("{} is regpass's own listener, not a registry", registry::to_text(host)),
               "correct the host, or give regpass another listen.proxy");
  }
}

}  // namespace

void choose_upstream_proxy(assembly& a, const inputs& in) {
  auto& s = a.result.settings;
  check_registries(a);
  s.upstream.no_proxy = variable(in, {"NO_PROXY", "no_proxy"}).first;
  if (!s.upstream.proxy.empty()) return check_written(a);
  const auto [text, name] = variable(in, {"HTTPS_PROXY", "https_proxy"});
  if (text.empty()) return;
  // In a shell that is set up for regpass's clients this variable names regpass itself.
  if (is_own_listener(text, s.listen.proxy)) {
    a.result.origins[key] = fmt::format("default; environment {} is regpass's own listener and is ignored", name);
    return;
  }
  if (const auto flaw = proxy_flaw(text)) {
    return a.complain(name, fmt::format("the proxy is invalid: {}", *flaw),
                      fmt::format("correct {}, or set {} = \"direct\" to use no proxy", name, key));
  }
  s.upstream.proxy = secret(text);
  a.result.origins[key] = "environment " + name;
}

}  // namespace regpass::config
