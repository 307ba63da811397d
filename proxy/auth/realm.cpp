#include "auth/realm.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::auth {
namespace {

struct pair {
  std::string_view registry;  // on port 443
  std::string_view realm;     // origin
};

// Registries whose token endpoint stands elsewhere by their vendor's design. One pair serves one registry only: a list
// of trusted endpoints without that would let any registry collect credentials that others may use there.
constexpr pair pairs[] = {
    {"docker.elastic.co", "https://docker-auth.elastic.co"},
    {"docker.io", "https://auth.docker.io"},
    {"nvcr.io", "https://authn.nvidia.com"},
    {"registry.digitalocean.com", "https://api.digitalocean.com"},
    {"registry.gitlab.com", "https://gitlab.com"},
};

std::string_view path_of(const http::absolute_url& url) noexcept {
  return std::string_view(url.target).substr(0, url.target.find('?'));
}

// Dots and slashes that a server may resolve after we compared the path, leaving the approved part of it.
bool may_climb(std::string_view rest) {
  const auto text = lower(rest) + "/";
  const auto holds = [&](std::string_view what) { return text.contains(what); };
  return holds("/../") || holds("/./") || holds("%2e") || holds("%2f") || holds("%5c");
}

bool is_within(std::string_view path, std::string_view prefix) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty()) return true;
  if (!path.starts_with(prefix)) return false;
  const auto rest = path.substr(prefix.size());
  return rest.empty() || (rest.front() == '/' && !may_climb(rest));
}

bool is_approved(const http::absolute_url& realm, const std::vector<std::string>& approved) {
  return std::ranges::any_of(approved, [&](const auto& text) {
    const auto url = http::parse_absolute(text);
    return url && url->origin == realm.origin && is_within(path_of(realm), path_of(*url));
  });
}

bool is_paired(const http::origin& realm, const registry::host& registry) {
  const auto paired = paired_realm(registry);
  return !paired.empty() && http::to_text(realm) == paired;
}

// What no configuration can make right; empty if nothing is.
std::string_view flaw(std::string_view realm) noexcept {
  if (realm.empty()) return "the challenge names no realm";
  if (realm.find('#') != std::string_view::npos) return "the realm has a fragment";
  const auto odd = std::ranges::find_if(realm, [](char c) { return c <= ' ' || c > '~'; });
  if (odd != realm.end()) return "the realm has a byte that no URL may have";
  return {};
}

realm_decision allow(http::absolute_url url, std::string why) {
  return {.allowed = true, .foreign = false, .url = std::move(url), .why = std::move(why), .config_line = {}};
}

realm_decision refuse(std::string why, std::string config_line = {}) {
  return {.allowed = false, .foreign = false, .url = {}, .why = std::move(why), .config_line = std::move(config_line)};
}

realm_decision refuse_foreign(const http::absolute_url& url, const registry::host& registry) {
  const auto name = registry::to_text(registry);
  return refuse(fmt::format("{} is neither the origin of {} nor approved for it", http::to_text(url.origin), name),
                fmt::format("realms = [\"{}{}\"]", http::to_text(url.origin), path_of(url)));
}

}  // namespace

std::string_view paired_realm(const registry::host& registry) noexcept {
  const auto found = std::ranges::find(pairs, std::string_view(registry.name), &pair::registry);
  return registry.port == 443 && found != std::end(pairs) ? found->realm : std::string_view();
}

realm_decision decide_realm(std::string_view realm, const registry::host& registry, const realm_rules& rules) {
  if (const auto what = flaw(realm); !what.empty()) return refuse(std::string(what));
  auto url = http::resolve({rules.registry, "/v2/"}, realm);
  if (!url) return refuse(fmt::format("the realm is no usable URL: {}", url.error().detail));
  const bool own = url->origin == rules.registry;
  if (url->origin.scheme != "https" && !own) return refuse("the realm is plain HTTP");
  if (own) return allow(std::move(*url), "same origin");
  if (is_paired(url->origin, registry)) {
    return allow(std::move(*url), fmt::format("built-in pair of {}", registry.name));
  }
  if (is_approved(*url, rules.approved)) return allow(std::move(*url), "approved by realms");
  auto refused = refuse_foreign(*url, registry);
  if (!rules.anonymous) return refused;
  return {.allowed = true,
          .foreign = true,
          .url = std::move(*url),
          .why = "no credential is sent there",
          .config_line = std::move(refused.config_line)};
}

}  // namespace regpass::auth
