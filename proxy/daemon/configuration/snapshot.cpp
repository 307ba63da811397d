#include "daemon/configuration/snapshot.hpp"

#include "auth/realm.hpp"
#include "forward/exchange/route.hpp"
#include "regpass/auth/host_pattern.hpp"
#include "regpass/auth/program.hpp"
#include "regpass/base/log.hpp"
#include "tls/trust/certs_dir.hpp"

#include <map>
#include <vector>

namespace regpass::daemon {

namespace {

using contexts = std::map<tls::trust, std::shared_ptr<const tls::context>>;

result<std::shared_ptr<const tls::context>> context_for(const tls::trust& trust, const std::string& own_ca_pem,
                                                        contexts& made) {
  const auto known = made.find(trust);
  if (known != made.end()) return known->second;
  auto fresh = tls::make_client_context(trust, own_ca_pem);
  if (!fresh) return std::unexpected(fresh.error());
  return made.emplace(trust, std::make_shared<const tls::context>(std::move(*fresh))).first->second;
}

// Where the port is the usual one, docker's directory may say it or not.
result<void> equip(forward::registry_entry& entry, const std::filesystem::path& certs_dir,
                   const std::string& own_ca_pem, contexts& made) {
  auto& options = entry.options;
  const auto shown = registry::to_text(options.host);
  const auto named = [&](const error& problem) {
    return fail(problem.code, "registry " + shown + ": " + problem.detail);
  };
  if (!options.plain_http) {
    const auto with_port = options.host.name + ":" + std::to_string(options.host.port);
    auto trust = tls::with_certs_dir(options.trust, certs_dir, {shown, with_port});
    if (!trust) return named(trust.error());
    options.trust = std::move(*trust);
  }
  auto context = context_for(options.trust, own_ca_pem, made);
  if (!context) return named(context.error());
  entry.context = std::move(*context);
  return {};
}

// None when its key names no host, or when its program is asked for any.
std::vector<registry::host> hosts_of(const auth::credential_entry& entry) {
  if (!entry.host.name.empty()) return {entry.host};
  std::vector<registry::host> named;
  if (!entry.program) return named;
  for (const auto& pattern : entry.program->images) {
    if (const auto host = auth::host_of(pattern)) named.push_back(*host);
  }
  return named;
}

result<net::upstream_proxy_ptr> upstream_proxy_of(const config::settings& settings, const std::string& own_ca_pem,
                                                  contexts& made) {
  const auto written = settings.upstream.proxy.expose();
  if (written.empty() || written == "direct") return nullptr;
  auto proxy = http::parse_proxy(written);
  if (!proxy) return fail(proxy.error().code, "upstream.proxy: " + proxy.error().detail);
  auto out = std::make_shared<net::upstream_proxy>();
  out->except = http::no_proxy(settings.upstream.no_proxy);
  if (proxy->at.scheme == "https") {
    auto context = context_for(tls::trust(), own_ca_pem, made);
    if (!context) return fail(context.error().code, "upstream.proxy: " + context.error().detail);
    out->context = *context;
  }
  out->proxy = std::move(*proxy);
  return net::upstream_proxy_ptr(std::move(out));
}

// Where clients log in by themselves, their token servers are watched: what a client asks them is half of its
// handshake.
void watch_token_servers(const forward::registry_options& of, const forward::registry_options& defaults,
                         std::map<registry::host, forward::registry_entry>& into) {
  auto urls = of.realms;
  urls.emplace_back(auth::paired_realm(of.host));
  for (const auto& one : urls) {
    const auto url = http::parse_absolute(one);
    if (!url || url->origin.scheme != "https") continue;
    auto options = defaults;
    options.host = registry::make_host(url->origin.host, url->origin.port);
    options.injection = auth::injection::observe;
    options.trust = of.trust;
    into.try_emplace(options.host, forward::registry_entry{options, false, nullptr});
  }
}

// Its context and the routes to it.
result<void> make_ready(forward::registry_entry& entry, const std::filesystem::path& certs_dir,
                        const std::string& own_ca_pem, const net::upstream_proxy_ptr& upstream_proxy,
                        contexts& shared) {
  auto ready = equip(entry, certs_dir, own_ca_pem, shared);
  if (!ready) return ready;
  auto route = forward::registry_route(entry, forward::origin_of(entry), party::registry, upstream_proxy);
  entry.route = std::make_shared<const transport::route>(route);
  entry.blob_route = std::make_shared<const transport::route>(forward::for_blobs(std::move(route)));
  return {};
}

// Patterns without a domain of their own ("k8s.*.io") need a [[registry]] for each host: no CA could be limited to
// them.
std::shared_ptr<forward::pattern_registries> registries_by_pattern(const config::settings& settings,
                                                                   const auth::credential_store& store,
                                                                   const std::string& own_ca_pem,
                                                                   const net::upstream_proxy_ptr& upstream_proxy,
                                                                   const contexts& shared) {
  std::vector<std::string> patterns;
  for (const auto& entry : store.entries) {
    if (!auth::domain_of_pattern(entry.host_pattern).empty()) patterns.push_back(entry.host_pattern);
  }
  if (patterns.empty()) return nullptr;
  const auto make = [defaults = settings.registry_defaults, certs_dir = settings.tls.certs_dir, own_ca_pem,
                     upstream_proxy, known = std::make_shared<contexts>(shared)](const registry::host& host) {
    auto entry = std::make_shared<forward::registry_entry>(forward::registry_entry{defaults, false, nullptr});
    entry->options.host = host;
    const auto ready = make_ready(*entry, certs_dir, own_ca_pem, upstream_proxy, *known);
    if (ready) return forward::pattern_registries::entry_ptr(std::move(entry));
    log::write(log::level::error, "config-rejected", ready.error().detail);
    return forward::pattern_registries::entry_ptr();
  };
  return std::make_shared<forward::pattern_registries>(std::move(patterns), make);
}

}  // namespace

result<forward::snapshot_ptr> make_snapshot(const config::settings& settings, const credentials& found,
                                            const std::string& own_ca_pem,
                                            std::shared_ptr<const secret> client_password) {
  auto made = std::make_shared<forward::snapshot>();
  made->client_password = std::move(client_password);
  made->clients = settings.client_auth.rules;
  made->credentials = found.store;
  made->searched = found.searched;
  made->other_hosts = settings.other_hosts;
  made->annotate = settings.explain.annotate;
  made->credentials_required = settings.credentials.required;
  for (const auto& options : settings.registries) {
    made->registries.emplace(options.host, forward::registry_entry{options, true, nullptr});
  }
  for (const auto& entry : found.store.entries) {
    for (const auto& host : hosts_of(entry)) {
      auto options = settings.registry_defaults;
      options.host = host;
      made->registries.try_emplace(host, forward::registry_entry{std::move(options), false, nullptr});
    }
  }
  for (const auto& mirror : settings.mirrors) {
    auto options = settings.registry_defaults;
    options.host = mirror.registry;
    made->mirrors.emplace(mirror.listen, forward::mirror_entry{mirror, {std::move(options), false, nullptr}});
  }
  for (const auto& options : settings.registries) {
    if (options.injection == auth::injection::replace) continue;
    watch_token_servers(options, settings.registry_defaults, made->registries);
  }
  contexts shared;
  for (auto& [listen, mirror] : made->mirrors) {
    auto ready = equip(mirror.unknown, settings.tls.certs_dir, own_ca_pem, shared);
    if (!ready) return std::unexpected(ready.error());
  }
  auto upstream_proxy = upstream_proxy_of(settings, own_ca_pem, shared);
  if (!upstream_proxy) return std::unexpected(upstream_proxy.error());
  made->upstream_proxy = std::move(*upstream_proxy);
  for (auto& [host, entry] : made->registries) {
    auto ready = make_ready(entry, settings.tls.certs_dir, own_ca_pem, made->upstream_proxy, shared);
    if (!ready) return std::unexpected(ready.error());
  }
  made->by_pattern = registries_by_pattern(settings, found.store, own_ca_pem, made->upstream_proxy, shared);
  return forward::snapshot_ptr(std::move(made));
}

}  // namespace regpass::daemon
