#include "config/values/grammar.hpp"

#include "regpass/base/endpoint.hpp"
#include "regpass/http/origin.hpp"
#include "regpass/http/proxy_server.hpp"
#include "regpass/registry/host.hpp"

#include <algorithm>
#include <array>

namespace regpass::config {
namespace {

bool is_hub_site(std::string_view name) {
  constexpr std::array<std::string_view, 4> sites{"hub.docker.com", "docker.com", "www.docker.com", "cloud.docker.com"};
  return std::ranges::find(sites, name) != sites.end();
}

}  // namespace

std::optional<std::string> endpoint_flaw(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (!parse_endpoint(text)) return "";
  return std::nullopt;
}

std::optional<std::string> host_flaw(const std::string& text) {
  const auto host = registry::parse_host(text);
  if (host && !is_hub_site(host->name)) return std::nullopt;
  if (host) return "that is Docker Hub's web site; its registry is docker.io";
  if (text.find('/') != std::string::npos) return "it is written without a scheme and a path";
  return host.error().detail;
}

std::optional<std::string> host_meant(const std::string& text) {
  const auto scheme = text.find("://");
  const auto bare = scheme == std::string::npos ? text : text.substr(scheme + 3);
  const auto host = registry::parse_host(bare.substr(0, bare.find('/')));
  if (!host) return std::nullopt;
  return is_hub_site(host->name) ? "docker.io" : registry::to_text(*host);
}

std::optional<std::string> proxy_flaw(const std::string& text) {
  if (text.empty() || text == "direct") return std::nullopt;
  const auto proxy = http::parse_proxy(text);
  if (!proxy) return proxy.error().detail;
  return std::nullopt;
}

std::optional<std::string> path_flaw(const std::string& text) {
  if (text == "~" || text.starts_with("~/")) return "~ is not expanded; write the whole path";
  return std::nullopt;
}

// Clients put it into image names or URLs, some after /v2/, so it must not need escaping and must not begin like the
// API.
std::optional<std::string> prefix_flaw(const std::string& text) {
  static constexpr auto allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-/";
  if (text.empty()) return std::nullopt;
  if (text.starts_with('/') || text.ends_with('/')) return "write it without leading and trailing slashes";
  if (text.find_first_not_of(allowed) != std::string::npos)
    return "it contains a character that would have to be escaped";
  const auto around = "/" + text + "/";
  for (const auto* part : {"//", "/./", "/../"})
    if (around.find(part) != std::string::npos) return "a segment is empty or consists of dots";
  if (around.starts_with("/v2/")) return "it goes before or after /v2, which is not part of it";
  return std::nullopt;
}

// Repository names are lower case (distribution specification, "Pulling manifests"), so a pattern with other characters
// never matches.
std::optional<std::string> pattern_flaw(const std::string& text) {
  static constexpr auto allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-/*";
  if (text.find_first_not_of(allowed) != std::string::npos) return "repository names cannot contain these characters";
  if (text.starts_with('/') || text.ends_with('/')) return "a repository name neither begins nor ends with /";
  return std::nullopt;
}

// A realm over plain HTTP is never approved, and realms are compared by origin and path (auth/realm.hpp).
std::optional<std::string> url_flaw(const std::string& text) {
  const auto url = http::parse_absolute(text);
  if (!url) return url.error().detail;
  if (url->origin.scheme != "https") return "credentials are sent over TLS only";
  if (url->target.find('?') != std::string::npos) return "write it without the query";
  return std::nullopt;
}

}  // namespace regpass::config
