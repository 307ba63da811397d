#include "regpass/auth/choice.hpp"

#include "auth/policy.hpp"
#include "regpass/auth/host_pattern.hpp"
#include "regpass/auth/program.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <optional>
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

// A pattern of the wanted host's domain: with another number of labels or another port.
std::string near_pattern(const credential_entry& entry, const registry::host& wanted) {
  const auto& pattern = entry.host_pattern;
  const auto domain = registry::registrable_domain(wanted.name);
  if (!pattern.substr(0, pattern.rfind(':')).ends_with(domain)) return {};
  return fmt::format(
      "is for hosts that match {}, and {} does not: '*' stands for one label, and the port must be the "
      "same",
      clean(pattern, 128), registry::to_text(wanted));
}

// Why an entry that is not for this host may have been meant for it; empty when nothing suggests that. T31: none is
// ever used.
std::string near_miss(const credential_entry& entry, const registry::host& wanted) {
  const auto& other = entry.host;
  if (!entry.host_pattern.empty()) return near_pattern(entry, wanted);
  if (other.name.empty()) return "unusable: " + entry.problem;  // whatever its key was meant to name
  if (other.name == wanted.name) return other_port(other);
  if (registry::is_docker_hub(wanted) && looks_like_docker_hub(other)) {
    return fmt::format("is for {}, which is not Docker Hub's registry: its name is docker.io", other.name);
  }
  if (other.name == "docker.pkg.github.com" && wanted.name == "ghcr.io") {
    return "is for docker.pkg.github.com, which GitHub's packages left for ghcr.io";
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

bool is_for_host(const credential_entry& entry, const wanted& need) {
  if (!entry.host_pattern.empty()) return is_for_image(entry.host_pattern, image_of(need.host, {}));
  if (!entry.program || !entry.host.name.empty()) return entry.host == need.host;
  if (entry.program->speaks == credential_program::protocol::docker_helper) return true;
  const auto image = image_of(need.host, need.repository);
  return std::ranges::any_of(entry.program->images, [&](const auto& one) { return is_for_image(one, image); });
}

bool is_for_request(const range& limits, const wanted& need) {
  if (need.action == registry::action::ping) return true;
  const auto& repository = need.repository;
  if (!limits.path.empty() && repository != limits.path && !repository.starts_with(limits.path + "/")) return false;
  if (!limits.repositories.empty() && !any_matches(limits.repositories, repository)) return false;
  return limits.actions.empty() || std::ranges::find(limits.actions, need.action) != limits.actions.end();
}

// "is only for push to team-a/*"
std::string limited_to(const range& limits) {
  std::vector<std::string_view> actions;
  actions.reserve(limits.actions.size());
  for (const auto one : limits.actions) actions.push_back(registry::name_of(one));
  auto places = limits.repositories;
  if (!limits.path.empty()) places.push_back(limits.path);
  const auto what = fmt::format("{}", fmt::join(actions, ", "));
  const auto where = fmt::format("{}", fmt::join(places, ", "));
  return fmt::format("is only for {}{}{}", what, what.empty() || where.empty() ? "" : " in ", where);
}

struct candidate {
  const credential_entry* entry;
  // tier, actions are named, length of what names the repository; of patterns the lengths of path and host
  std::array<std::size_t, 3> rank;
};

std::size_t longest_match(const std::vector<std::string>& patterns, const std::string& repository) {
  std::size_t longest = 0;
  for (const auto& one : patterns) {
    if (matches(one, repository)) longest = std::max(longest, one.size());
  }
  return longest;
}

std::array<std::size_t, 3> rank_of(const credential_entry& entry, const wanted& need) {
  const auto& limits = entry.range;
  const bool limited = !limits.path.empty() || !limits.repositories.empty() || !limits.actions.empty();
  if (need.action == registry::action::ping && limited) return {0, 0, 0};
  if (limits.configured)
    return {4, limits.actions.empty() ? 0U : 1U, longest_match(limits.repositories, need.repository)};
  if (!entry.host_pattern.empty()) return {1, limits.path.size(), literal_length(entry.host_pattern)};
  if (!limits.path.empty()) return {3, 0, limits.path.size()};
  const bool pattern = entry.program && entry.program->speaks == credential_program::protocol::kubelet_provider;
  return {pattern ? 1U : 2U, 0, 0};
}

std::vector<candidate> candidates(choice& made, const credential_store& store, const wanted& need) {
  std::vector<candidate> found;
  for (const auto& entry : store.entries) {
    if (!is_for_host(entry, need)) continue;
    if (!is_for_request(entry.range, need)) {
      add(made, entry, limited_to(entry.range));
      continue;
    }
    const auto rank = rank_of(entry, need);
    found.insert(std::ranges::upper_bound(found, rank, std::greater<>{}, &candidate::rank), {&entry, rank});
  }
  return found;
}

// Goes through the candidates from the most to the least specific.
class election {
 public:
  election(choice& made, const wanted& need, const std::vector<program_answer>& answers)
      : made_(made), need_(need), answers_(answers) {}

  // False: a program has to be asked first.
  bool hear(const candidate& one) {
    const auto& entry = *one.entry;
    if (made_.credential) {
      add(made_, entry, one.rank == chosen_ ? "shadowed by an earlier entry" : "a more specific entry is used");
    } else if (blocked_ && one.rank != *blocked_) {
      add(made_, entry, "does not take the place of a more specific entry that is unusable");
    } else if (entry.program) {
      return hear_program(one);
    } else {
      take(one, entry.credential, entry.problem);
    }
    return true;
  }

 private:
  bool hear_program(const candidate& one) {
    const auto said = std::ranges::find(answers_, one.entry, &program_answer::to);
    if (said == answers_.end()) {
      made_.ask = one.entry;
      return false;
    }
    if (said->credential || !said->problem.empty()) {
      take(one, said->credential, said->problem);
    } else {
      add(made_, *one.entry,
          fmt::format("{} has none for {}", name_of(*one.entry->program), registry::to_text(need_.host)));
    }
    return true;
  }

  void take(const candidate& one, const credential_ptr& credential, const std::string& problem) {
    if (!credential) {
      made_.missing = absence::unusable;
      blocked_ = one.rank;
      return add(made_, *one.entry, "unusable: " + problem);
    }
    made_.credential = credential;
    chosen_ = one.rank;
    if (!problem.empty()) add(made_, *one.entry, problem);
  }

  choice& made_;
  const wanted& need_;
  const std::vector<program_answer>& answers_;
  std::array<std::size_t, 3> chosen_{};
  std::optional<std::array<std::size_t, 3>> blocked_;
};

void add_near_misses(choice& made, const credential_store& store, const registry::host& wanted) {
  const auto add_those = [&](bool with_host) {
    for (const auto& entry : store.entries) {
      const bool has_host = !entry.host.name.empty() || !entry.host_pattern.empty();
      if (entry.host == wanted || entry.program || has_host != with_host) continue;
      if (is_for_host(entry, {.host = wanted})) continue;
      if (auto why = near_miss(entry, wanted); !why.empty()) add(made, entry, std::move(why));
    }
  };
  add_those(true);
  add_those(false);
}

}  // namespace

choice choose(const credential_store& store, const wanted& need, const std::vector<program_answer>& answers) {
  choice made;
  made.missing = store.entries.empty() && store.sources.empty() ? absence::no_sources : absence::no_entry;
  const auto found = candidates(made, store, need);
  election all(made, need, answers);
  for (const auto& one : found) {
    if (!all.hear(one)) return made;
  }
  if (made.credential) {
    made.missing = absence::none;
  } else {
    add_near_misses(made, store, need.host);
  }
  return made;
}

}  // namespace regpass::auth
