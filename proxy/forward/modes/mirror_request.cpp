#include "forward/modes/mirror_request.hpp"

#include "forward/exchange/web_page.hpp"
#include "regpass/base/text.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace regpass::forward {

namespace {

constexpr std::string_view api = "/v2/";
constexpr std::string_view selector = "ns=";

// Percent escapes; one that is none stays, and makes a host that there is not.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned char byte = 0;
    const auto* digits = text.data() + at + 1;
    const bool escape = text[at] == '%' && at + 2 < text.size();
    const bool good = escape && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    out += good ? static_cast<char>(byte) : text[at];
    if (good) at += 2;
  }
  return out;
}

// Takes every ns out of the query, '?' included if nothing is left; the other parameters stay byte for byte.
result<std::string> take_selected(std::string& query) {
  std::optional<std::string> selected;
  std::string rest;
  for (std::size_t at = 1; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const auto one = std::string_view(query).substr(at, end - at);
    at = end + 1;
    if (one != "ns" && !one.starts_with(selector)) {
      rest.append(rest.empty() ? "?" : "&").append(one);
      continue;
    }
    auto value = decoded(one.substr(std::min(selector.size(), one.size())));
    if (selected && *selected != value) return fail(errc::bad_message, "the query has two different ns");
    selected = std::move(value);
  }
  if (selected) query = rest;
  return selected.value_or(std::string());
}

enum class place : std::uint8_t { before_v2, behind_v2 };

// Where the prefix was, or nothing if it was not there; the path is without it then.
std::optional<place> take_prefix(std::string& path, std::string_view prefix) {
  if (prefix.empty()) return place::before_v2;
  const auto before = "/" + std::string(prefix) + "/";
  const auto behind = std::string(api) + std::string(prefix) + "/";
  if (path.starts_with(before)) {
    path.erase(0, before.size() - 1);
    return place::before_v2;
  }
  if (!path.starts_with(behind)) return std::nullopt;
  path.replace(0, behind.size(), api);
  return place::behind_v2;
}

result<http::origin> origin_shown(const http::request_head& head) {
  const auto host = head.headers.get("Host");
  auto parts = http::parse_authority(host.value_or(""), http::default_port("http"));
  if (!parts) return fail(errc::bad_message, "Host names no host: " + parts.error().detail);
  return http::origin{"http", std::move(parts->host), parts->port};
}

bool is_ping(const http::request_head& head, const std::string& path) {
  return (head.method == "GET" || head.method == "HEAD") && (path == "/v2/" || path == "/v2");
}

decision serve(const registry_entry& entry) {
  decision made;
  made.action = decision::what::intercept;
  made.registry = &entry;
  return made;
}

decision refuse(const std::string& selected) {
  const auto shown = clean(selected, 120);
  decision made;
  made.why = "the client asks the mirror for " + shown + " by ?ns=, which regpass does not serve";
  made.remedy = "add a credential for " + shown + ", or a [[registry]] with host = \"" + shown + "\"";
  return made;
}

decision refuse(std::string why, std::string remedy) {
  decision made;
  made.why = std::move(why);
  made.remedy = std::move(remedy);
  return made;
}

bool is_loopback(const std::string& host) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  if (no_address) return host == "localhost" || host.ends_with(".localhost") || host == "localhost.localdomain";
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

// Not judged by the port: clients reach the mirror at its own whatever they call it.
bool is_own_host(const std::string& host, const mirror_entry& mirror, const snapshot& from) {
  if (is_loopback(host)) return true;
  const auto named = [&](const std::string& one) { return iequals(one, host); };
  if (std::ranges::any_of(mirror.options.names, named)) return true;
  const auto name = registry::make_host(host, http::default_port("https")).name;
  const auto served = [&](const auto& one) { return one.first.name == name || one.first.name == host; };
  return name == mirror.options.registry.name || std::ranges::any_of(from.registries, served);
}

}  // namespace

std::optional<decision> judge_caller(const http::request_head& head, const mirror_call& call,
                                     const mirror_entry& mirror, const snapshot& from) {
  if (is_from_page(head.headers)) {
    return refuse("a page in a browser asks the mirror, which is for container tools only",
                  "use regpass as the browser's proxy, or ask the registry itself");
  }
  if (is_own_host(call.shown.host, mirror, from)) return std::nullopt;
  const auto shown = clean(call.shown.host, 120);
  return refuse("the request to the mirror is for the host " + shown + ", which is none of the mirror's",
                "address it as " + mirror.options.listen + ", or add names = [\"" + shown + "\"] to its [[mirror]]");
}

result<mirror_call> ingress_mirror(http::request_head& head, std::string_view prefix) {
  if (!head.target.starts_with('/')) {
    return fail(errc::bad_message,
                "this port is a mirror of a registry, which takes /v2/…; the proxy is at listen.proxy");
  }
  auto shown = origin_shown(head);
  if (!shown) return std::unexpected(shown.error());
  const auto mark = std::min(head.target.find('?'), head.target.size());
  auto path = head.target.substr(0, mark), query = head.target.substr(mark);
  auto selected = take_selected(query);
  if (!selected) return std::unexpected(selected.error());
  mirror_call made{.shown = std::move(*shown), .selected = std::move(*selected)};
  made.bare_ping = !prefix.empty() && is_ping(head, path);
  const auto found = take_prefix(path, prefix);
  if (!found && !made.bare_ping) return fail(errc::not_found, "the path is none of this mirror's");
  made.prefix_behind_v2 = found == place::behind_v2;
  head.target = path + query;
  return made;
}

decision decide_mirror(const mirror_call& call, const mirror_entry& mirror, const snapshot& from) {
  const auto& own = mirror.options.registry;
  const auto selected = call.selected.empty() ? result<registry::host>(own) : registry::parse_host(call.selected);
  if (!selected) return refuse(call.selected);
  const auto* entry = from.find(*selected);
  if (!entry && *selected == own) entry = &mirror.unknown;
  return entry ? serve(*entry) : refuse(call.selected);
}

target mirror_target(const registry_entry& entry) {
  target made;
  made.came_by = target::way::mirror;
  made.origin = origin_of(entry);
  made.registry = entry.options.host;
  return made;
}

facade mirror_facade(const mirror_call& call, const mirror_entry& mirror, const target& to) {
  facade made{.registry = to.origin, .shown = call.shown, .prefix = mirror.options.path};
  made.prefix_behind_v2 = call.prefix_behind_v2;
  if (to.registry != mirror.options.registry) made.selected = registry::to_text(to.registry);
  return made;
}

}  // namespace regpass::forward
