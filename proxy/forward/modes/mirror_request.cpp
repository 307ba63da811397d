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

// Decodes percent escapes. Malformed ones stay as they are: no host has such a name.
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

// Removes every ns from the query, and the '?' if nothing is left; the other parameters stay byte for byte.
result<std::string> take_selected(std::string& query) {
  std::optional<std::string> selected;
  std::string rest;
  for (std::size_t at = 1; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const auto parameter = std::string_view(query).substr(at, end - at);
    at = end + 1;
    if (parameter != "ns" && !parameter.starts_with(selector)) {
      rest.append(rest.empty() ? "?" : "&").append(parameter);
      continue;
    }
    auto value = decoded(parameter.substr(std::min(selector.size(), parameter.size())));
    if (selected && *selected != value) return fail(errc::bad_message, "the query has two different ns");
    selected = std::move(value);
  }
  if (selected) query = rest;
  return selected.value_or(std::string());
}

enum class place : std::uint8_t { before_v2, behind_v2 };

// Removes the prefix from the path. Returns where it was, or nothing if there was none.
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
  decision decided;
  decided.action = decision::what::intercept;
  decided.registry = &entry;
  return decided;
}

decision refuse(const std::string& selected) {
  const auto shown = clean(selected, 120);
  decision refused;
  refused.why = "the client asks the mirror for " + shown + " by ?ns=, which regpass does not serve";
  refused.remedy = "add a credential for " + shown + ", or a [[registry]] with host = \"" + shown + "\"";
  return refused;
}

decision refuse(std::string why, std::string remedy) {
  decision refused;
  refused.why = std::move(why);
  refused.remedy = std::move(remedy);
  return refused;
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

// The port does not matter: clients reach the mirror at its own port whatever name they use.
bool is_own_host(const std::string& host, const mirror_entry& mirror, const snapshot& from) {
  if (is_loopback(host)) return true;
  const auto named = [&](const std::string& candidate) { return iequals(candidate, host); };
  if (std::ranges::any_of(mirror.options.names, named)) return true;
  const auto name = registry::make_host(host, http::default_port("https")).name;
  const auto served = [&](const auto& entry) { return entry.first.name == name || entry.first.name == host; };
  return name == mirror.options.registry.name || std::ranges::any_of(from.registries, served);
}

}  // namespace

std::optional<decision> check_caller(const http::request_head& head, const mirror_request& call,
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

result<mirror_request> parse_mirror_request(http::request_head& head, std::string_view prefix) {
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
  mirror_request request{.shown = std::move(*shown), .selected = std::move(*selected)};
  request.bare_ping = !prefix.empty() && is_ping(head, path);
  const auto found = take_prefix(path, prefix);
  if (!found && !request.bare_ping) return fail(errc::not_found, "the path is none of this mirror's");
  request.prefix_behind_v2 = found == place::behind_v2;
  head.target = path + query;
  return request;
}

decision decide_mirror_request(const mirror_request& call, const mirror_entry& mirror, const snapshot& from) {
  const auto& own = mirror.options.registry;
  const auto selected = call.selected.empty() ? result<registry::host>(own) : registry::parse_host(call.selected);
  if (!selected) return refuse(call.selected);
  const auto* entry = from.find(*selected);
  if (!entry && *selected == own) entry = &mirror.unknown;
  return entry ? serve(*entry) : refuse(call.selected);
}

target mirror_target(const registry_entry& entry) {
  target to;
  to.came_by = target::way::mirror;
  to.origin = origin_of(entry);
  to.registry = entry.options.host;
  return to;
}

facade mirror_facade(const mirror_request& call, const mirror_entry& mirror, const target& to) {
  facade seen_as{.registry = to.origin, .shown = call.shown, .prefix = mirror.options.path};
  seen_as.prefix_behind_v2 = call.prefix_behind_v2;
  if (to.registry != mirror.options.registry) seen_as.selected = registry::to_text(to.registry);
  return seen_as;
}

}  // namespace regpass::forward
