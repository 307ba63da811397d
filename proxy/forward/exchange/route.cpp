#include "forward/exchange/route.hpp"

#include <algorithm>
#include <utility>

namespace regpass::forward {

namespace {

auth::ip_bytes bytes_of(const boost::asio::ip::address& address) {
  const auto v6 =
      address.is_v6() ? address.to_v6() : boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, address.to_v4());
  return v6.to_bytes();
}

// A registry that the configuration itself puts on loopback is meant to be there; a name that merely resolves to it is
// not (T03).
bool written_as_loopback(const registry::host& host) {
  boost::system::error_code none;
  const auto address = boost::asio::ip::make_address(host.name, none);
  return host.name == "localhost" || (!none && address.is_loopback());
}

decision refuse(std::string why, std::string remedy = {}) {
  decision made;
  made.why = std::move(why);
  made.remedy = std::move(remedy);
  return made;
}

decision decide_registry(const target& to, const registry_entry& entry) {
  const auto name = registry::to_text(to.registry);
  const bool fits = to.tls() != entry.options.plain_http;
  if (!fits && entry.options.injection == auth::injection::observe) {
    decision made;
    made.action = to.tls() ? decision::what::tunnel : decision::what::intercept;
    made.registry = &entry;
    return made;
  }
  if (to.tls() && entry.options.plain_http) {
    return refuse(name + " is configured with plain_http = true, but the client speaks TLS to it",
                  "let it use plain HTTP, or remove plain_http");
  }
  if (!to.tls() && !entry.options.plain_http) {
    return refuse("the client speaks plain HTTP to " + name + ", whose credentials may go over TLS only",
                  "let the client use https:// for " + name +
                      ", or set upgrade_plain_http = true in its [[registry]], or plain_http = true if it has no TLS");
  }
  decision made;
  made.action = decision::what::intercept;
  made.registry = &entry;
  return made;
}

// The registry that plain HTTP is meant for, if it may be: its own port, or 80 for 443.
const registry_entry* upgradable(const target& to, const snapshot& from) {
  if (to.came_by != target::way::absolute_form && to.came_by != target::way::redirected_http) return nullptr;
  const auto* same = from.find(to.registry);
  if (same && same->options.plain_http) return nullptr;
  const auto* entry = from.find(over_tls(to).registry);
  return entry && entry->options.upgrade_plain_http ? entry : nullptr;
}

decision decide_upgrade(const registry_entry& entry, bool from_here) {
  const auto name = registry::to_text(entry.options.host);
  if (!from_here) {
    return refuse(
        "plain HTTP to " + name + " is upgraded for clients on this machine only; anyone could read another's",
        "let that client use https:// for " + name);
  }
  decision made;
  made.action = decision::what::intercept;
  made.registry = &entry;
  made.upgrade = true;
  return made;
}

std::string with_port(const std::vector<std::uint16_t>& ports, std::uint16_t more) {
  std::string text;
  for (const auto port : ports) text += std::to_string(port) + ", ";
  return text + std::to_string(more);
}

decision decide_other(const target& to, const other_hosts& rules) {
  const auto shown = http::authority(to.origin);
  if (rules.action == other_hosts::what::refuse) {
    return refuse(shown + " is no registry that regpass serves, and other hosts are refused",
                  "set [other_hosts] action = \"tunnel\", or add a credential or a [[registry]] for this host");
  }
  if (std::ranges::find(rules.ports, to.origin.port) == rules.ports.end()) {
    return refuse("port " + std::to_string(to.origin.port) + " of " + to.origin.host + " is not allowed",
                  "add a login or a [[registry]] for it, or set [other_hosts] ports = [" +
                      with_port(rules.ports, to.origin.port) + "]");
  }
  decision made;
  made.action = to.tls() ? decision::what::tunnel : decision::what::pass;
  return made;
}

}  // namespace

decision decide(const target& to, const snapshot& from, bool from_here) {
  if (const auto* upgrade = upgradable(to, from)) return decide_upgrade(*upgrade, from_here);
  // What cannot be read may be anybody's talk with a registry: nothing of ours may go into it.
  const bool readable = to.came_by != target::way::redirected_opaque;
  const auto* entry = readable ? from.find(to.registry) : nullptr;
  return entry ? decide_registry(to, *entry) : decide_other(to, from.other_hosts);
}

target over_tls(const target& to) {
  auto made = to;
  made.origin.scheme = "https";
  if (to.origin.port == http::default_port("http")) made.origin.port = http::default_port("https");
  made.registry = registry::make_host(made.origin.host, made.origin.port);
  return made;
}

http::origin origin_of(const registry_entry& entry) {
  const auto& options = entry.options;
  return {options.plain_http ? "http" : "https", registry::api_name(options.host), options.host.port};
}

auth::address_rule rule_for(const target& to, const decision& made, const snapshot& from) {
  if (made.registry) {
    const bool loopback = made.registry->configured && written_as_loopback(to.registry);
    return loopback ? auth::address_rule::loopback_too : auth::address_rule::private_too;
  }
  return from.other_hosts.deny_private_addresses ? auth::address_rule::public_only : auth::address_rule::private_too;
}

net::address_filter filter_for(auth::address_rule rule) {
  return [rule](const boost::asio::ip::address& address) {
    return auth::judge_address(bytes_of(address), rule, address.to_string());
  };
}

transport::route registry_route(const registry_entry& entry, const http::origin& origin, party peer,
                                net::upstream_proxy_ptr by) {
  const bool loopback = entry.configured && written_as_loopback(entry.options.host);
  transport::route made;
  made.origin = origin;
  made.trust = entry.options.trust;
  made.context = entry.context;
  made.allowed = filter_for(loopback ? auth::address_rule::loopback_too : auth::address_rule::private_too);
  made.by = std::move(by);
  made.peer = peer;
  made.offer = entry.options.http2 == http2_use::off ? transport::offer::http1 : transport::offer::http2;
  return made;
}

transport::route for_blobs(transport::route to) {
  to.offer = transport::offer::http1_first;
  return to;
}

transport::route pass_route(const http::origin& origin, auth::address_rule rule, net::upstream_proxy_ptr by) {
  transport::route made;
  made.origin = origin;
  made.allowed = filter_for(rule);
  made.by = std::move(by);
  made.peer = party::intermediary;
  return made;
}

}  // namespace regpass::forward
