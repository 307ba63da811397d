#include "config/assembly.hpp"
#include "regpass/base/endpoint.hpp"
#include "regpass/base/file.hpp"
#include "regpass/registry/host.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::config {
namespace {

using options::registry_options;
using std::filesystem::path;

// Anyone who can reach a data listener can use the credentials, so it must be on loopback, unless its clients have to
// present a password (T33).
void check_listener(assembly& a, const std::string& key, const std::string& text, bool can_ask) {
  const auto endpoint = parse_endpoint(text);
  if (!endpoint || endpoint->address().is_loopback()) return;
  const auto& auth = a.result.settings.client_auth;
  if (can_ask && !auth.secret_file.empty()) return;
  a.complain(a.place_of(key),
             fmt::format("`{}` = \"{}\" is not a loopback address: anyone who can reach it could use the credentials",
                         key, text),
             fmt::format("write {} = \"127.0.0.1:{}\"{}", key, endpoint->port(),
                         can_ask ? ", or require a password from clients with [client_auth] secret_file" : ""));
}

void check_client_auth(assembly& a) {
  const auto& auth = a.result.settings.client_auth;
  if (!auth.create || !auth.secret_file.empty()) return;
  a.complain(a.place_of("client_auth.create"), "`client_auth.create` without `client_auth.secret_file`",
             "set client_auth.secret_file = \"/run/regpass/client-secret\"");
}

// Over plain HTTP a build step's HEAD looks exactly like the daemon's.
void check_builder(assembly& a) {
  const auto& s = a.result.settings;
  if (s.client_auth.rules.builder != options::builder_kind::buildkit) return;
  if (s.client_auth.secret_file.empty() || s.listen.proxy.empty()) return;
  for (std::size_t i = 0; i < s.registries.size(); ++i) {
    const auto& r = s.registries[i];
    if (!r.upgrade_plain_http && !r.plain_http) continue;
    const std::string key = r.plain_http ? "plain_http" : "upgrade_plain_http";
    a.complain(a.place_of(registry_prefix(i) + key),
               fmt::format("`{}` and `client_auth.builder` = \"buildkit\" cannot be combined: over plain HTTP a HEAD "
                           "request of BuildKit's exec proxy (--proxy-network) looks like the daemon's own",
                           key),
               "let BuildKit reach this registry by https://, or by a [[mirror]] with a path; or write "
               "client_auth.builder = \"auto\" if build steps may see which tags and digests exist");
  }
}

void check_admin(assembly& a) {
  const auto& written = a.result.settings.listen.admin;
  if (written.empty() || (written.starts_with("unix:") && written.size() > 5)) return;
  a.complain(a.place_of("listen.admin"), fmt::format("`listen.admin` = \"{}\" is not a Unix socket", written),
             "write listen.admin = \"unix:regpass-admin.sock\"");
}

void check_listeners(assembly& a) {
  const auto& listen = a.result.settings.listen;
  const auto is_on = [](const auto& mirror) { return !mirror.listen.empty(); };
  const bool mirrors = std::ranges::any_of(a.result.settings.mirrors, is_on);
  const auto is_empty = [&](const auto& mode) { return (listen.*mode.address).empty(); };
  if (std::ranges::all_of(options::mode_addresses, is_empty) && !mirrors)
    a.complain(a.place_of("listen.proxy"), "no listener is enabled", "write listen.proxy = \"127.0.0.1:3128\"");
  for (const auto& mode : options::mode_addresses)
    check_listener(a, std::string(mode.key), listen.*mode.address, mode.has_client_auth);
  check_listener(a, "listen.page", listen.page, false);
  check_admin(a);
  if (listen.proxy.empty() || listen.proxy != listen.transparent) return;
  a.complain(a.place_of("listen.transparent"), "`listen.transparent` and `listen.proxy` are the same address",
             "write listen.transparent = \"127.0.0.1:13128\"");
}

void check_host(assembly& a, std::size_t index) {
  const auto& all = a.result.settings.registries;
  const auto prefix = registry_prefix(index);
  const auto given = a.places.contains(prefix + "host");
  const auto& host = all[index].host;
  if (!given) a.complain(a.place_of(prefix), "[[registry]] without `host`", "write host = \"harbor.example.com\"");
  if (host.name.empty()) return;
  const auto first = std::ranges::find(all, host, &registry_options::host) - all.begin();
  if (static_cast<std::size_t>(first) == index) return;
  const auto other = a.place_of(registry_prefix(static_cast<std::size_t>(first)) + "host");
  a.complain(a.place_of(prefix + "host"),
             fmt::format("{} has a second [[registry]]; the first is at {}", to_text(host), other),
             "put the keys of both into one");
}

void check_client_certificate(assembly& a, const registry_options& r, const std::string& prefix) {
  const auto& trust = r.trust;
  if (trust.client_cert_file.empty() == trust.client_key_file.empty()) return;
  const std::string has = trust.client_cert_file.empty() ? "client_key_file" : "client_cert_file";
  const std::string lacks = trust.client_cert_file.empty() ? "client_cert_file" : "client_key_file";
  a.complain(a.place_of(prefix + has), fmt::format("`{}` without `{}`", has, lacks),
             fmt::format("add {}, or remove {}", lacks, has));
}

void check_plain_http(assembly& a, const registry_options& r, const std::string& prefix) {
  if (!r.plain_http) return;
  const auto complain = [&](const std::string& key, bool given) {
    if (!given) return;
    a.complain(a.place_of(prefix + key), fmt::format("`plain_http` and `{}` cannot be combined", key),
               fmt::format("remove plain_http if the registry uses TLS, otherwise {}", key));
  };
  complain("ca_file", !r.trust.ca_file.empty());
  complain("client_cert_file", !r.trust.client_cert_file.empty());
  complain("client_key_file", !r.trust.client_key_file.empty());
  complain("insecure_skip_verify", r.trust.skip_verify);
  complain("upgrade_plain_http", r.upgrade_plain_http);
}

// Images are named "harbor.example.com/team-a/app", but a pattern applies to the part after the host.
void check_patterns(assembly& a, const registry_options& r, const std::string& prefix) {
  const auto host = r.host.name + "/";
  const auto check = [&](const std::string& key, const std::vector<std::string>& patterns) {
    for (const auto& pattern : patterns) {
      if (!pattern.starts_with(host)) continue;
      a.complain(a.place_of(prefix + key),
                 fmt::format("`{}` includes the registry's host in the pattern \"{}\"", key, pattern),
                 fmt::format("write \"{}\"", pattern.substr(host.size())));
    }
  };
  check("pull", r.policy.pull);
  check("push", r.policy.push);
  check("delete", r.policy.remove);
}

void check_registries(assembly& a) {
  for (std::size_t i = 0; i < a.result.settings.registries.size(); ++i) {
    const auto& r = a.result.settings.registries[i];
    check_host(a, i);
    check_client_certificate(a, r, registry_prefix(i));
    check_plain_http(a, r, registry_prefix(i));
    check_patterns(a, r, registry_prefix(i));
  }
}

void check_limits(assembly& a) {
  const auto& s = a.result.settings;
  const auto within = [&](const std::string& small, std::size_t inner, const std::string& large, std::size_t outer) {
    if (inner <= outer) return;
    const auto place = a.place_of(small);
    a.complain(place.empty() ? a.place_of(large) : place,
               fmt::format("`{}` = {} is more than `{}` = {}", small, inner, large, outer),
               fmt::format("raise {}, or lower {}", large, small));
  };
  within("limits.target_bytes", s.limits.head.target_bytes, "limits.head_bytes", s.limits.head.head_bytes);
  within("limits.token_bytes", s.tokens.answer.token_bytes, "limits.token_response_bytes",
         s.tokens.answer.response_bytes);
}

bool holds(const path& outer, const path& inner) {
  const auto relative = inner.lexically_normal().lexically_relative(outer.lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

// Clients mount the published directory, and must not see ca.key (T23).
void check_directories(assembly& a) {
  const auto& tls = a.result.settings.tls;
  if (!holds(tls.publish_dir / "", tls.ca_dir / "")) return;
  a.complain(a.place_of("tls.publish_dir"),
             fmt::format("`tls.publish_dir` {} contains the CA's key (tls.ca_dir is {})", tls.publish_dir.string(),
                         tls.ca_dir.string()),
             "use a separate directory for clients");
}

constexpr std::size_t longest_pem = 16 * 1024 * 1024;  // a bundle of all public CAs is 200 KiB

void check_file(assembly& a, const std::filesystem::path& file, const std::string& prefix, const std::string& key) {
  if (file.empty()) return;
  const auto text = read_file(file, longest_pem);
  if (text) return;
  a.complain(a.place_of(prefix + key), fmt::format("`{}`: cannot read {}", key, text.error().detail),
             "correct the path, or make the file readable for this user");
}

}  // namespace

void check_together(assembly& a) {
  check_listeners(a);
  check_client_auth(a);
  check_builder(a);
  check_mirrors(a);
  check_credentials(a);
  check_registries(a);
  check_limits(a);
  check_directories(a);
}

void check_files(assembly& a) {
  for (std::size_t i = 0; i < a.result.settings.registries.size(); ++i) {
    const auto trust = a.result.settings.registries[i].trust;
    check_file(a, trust.ca_file, registry_prefix(i), "ca_file");
    check_file(a, trust.client_cert_file, registry_prefix(i), "client_cert_file");
    check_file(a, trust.client_key_file, registry_prefix(i), "client_key_file");
  }
}

}  // namespace regpass::config
