#include "regpass/auth/choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace regpass::auth {
namespace {

constexpr std::size_t most_others = 8;

// Levenshtein's distance, as far as 2; anything more is 3.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 2) return 3;
  std::vector<std::size_t> row(a.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t j = 1; j <= b.size(); ++j) {
    auto diagonal = std::exchange(row[0], j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[i], std::min({replaced, row[i] + 1, row[i - 1] + 1}));
    }
    if (std::ranges::min(row) > 2) return 3;
  }
  return row.back();
}

// Names that people take for Docker Hub's registry: hub.docker.com, docker.com, www.docker.io, …
bool looks_like_docker_hub(const registry::host& one) {
  const auto domain = registry::registrable_domain(one.name);
  return domain == "docker.com" || domain == "docker.io";
}

std::string other_port(const registry::host& one) {
  return one.port == 443 ? fmt::format("is for {} without port", one.name)
                         : fmt::format("is for port {} of {}", one.port, one.name);
}

// Why an entry that is not for this host may have been meant for it; empty when nothing suggests that. T31: none is
// ever used.
std::string near_miss(const credential_entry& entry, const registry::host& wanted) {
  const auto& other = entry.host;
  if (other.name.empty()) return entry.key.contains(wanted.name) ? "unusable: " + entry.problem : std::string{};
  if (other.name == wanted.name) return other_port(other);
  if (registry::is_docker_hub(wanted) && looks_like_docker_hub(other)) {
    return fmt::format("is for {}, which is not Docker Hub's registry: its name is docker.io", other.name);
  }
  const auto letters = distance(other.name, wanted.name);
  if (letters <= 2) return fmt::format("is for {}: {} off", other.name, letters == 1 ? "one letter" : "two letters");
  const auto domain = registry::registrable_domain(wanted.name);
  if (domain.empty() || domain != registry::registrable_domain(other.name)) return {};
  return fmt::format("is for {}, another host of {}", other.name, domain);
}

void add(choice& made, const credential_entry& entry, std::string why) {
  if (made.others.size() < most_others) made.others.push_back({entry.source, entry.key, std::move(why)});
}

void consider(choice& made, const credential_entry& entry) {
  if (!entry.credential) {
    made.missing = absence::unusable;
    return add(made, entry, "unusable: " + entry.problem);
  }
  if (made.credential) return add(made, entry, "shadowed by an earlier entry");
  made.credential = entry.credential;
  if (!entry.problem.empty()) add(made, entry, entry.problem);
}

void add_near_misses(choice& made, const credential_store& store, const registry::host& wanted) {
  for (const auto& entry : store.entries) {
    if (made.others.size() == most_others) return;
    if (entry.host == wanted) continue;
    if (auto why = near_miss(entry, wanted); !why.empty()) add(made, entry, std::move(why));
  }
}

}  // namespace

choice choose(const credential_store& store, const registry::host& wanted) {
  choice made;
  made.missing = store.entries.empty() && store.sources.empty() ? absence::no_sources : absence::no_entry;
  for (const auto& entry : store.entries) {
    if (entry.host == wanted) consider(made, entry);
  }
  if (made.credential) {
    made.missing = absence::none;
  } else {
    add_near_misses(made, store, wanted);
  }
  return made;
}

}  // namespace regpass::auth
