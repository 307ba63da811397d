#include "forward/services/registry_hints.hpp"

#include <boost/url/params_view.hpp>
#include <boost/url/parse_query.hpp>

#include <algorithm>
#include <iterator>
#include <vector>

namespace regpass::forward {

namespace {

using namespace std::chrono;

std::string_view path_of(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

std::string_view query_of(std::string_view target) noexcept {
  const auto mark = target.find('?');
  return target.substr(mark == std::string_view::npos ? target.size() : mark + 1);
}

// Clients decode and encode a Location's query when they add to it, and sort it.
bool has_all_of(std::string_view query, std::string_view wanted) {
  if (wanted.empty() || query.empty()) return wanted.empty();
  const auto have = boost::urls::parse_query(query);
  const auto need = boost::urls::parse_query(wanted);
  if (!have || !need) return query.starts_with(wanted);
  const boost::urls::params_view there(*have);
  const boost::urls::params_view all(*need);
  return std::ranges::all_of(all, [&](const auto& param) {
    return std::ranges::any_of(there,
                               [&](const auto& other) { return other.key == param.key && other.value == param.value; });
  });
}

// Between four and five seconds, derived from the microsecond in which the token was obtained, so that pods started
// together do not ask the token server at the same moment.
milliseconds pause_after(const auth::token& refused) {
  return 4s + milliseconds(duration_cast<microseconds>(refused.obtained_at.time_since_epoch()).count() % 1000);
}

auth::requirement without_details(auth::requirement requirement) {
  requirement.scope.clear();
  requirement.error.clear();
  requirement.error_description.clear();
  return requirement;
}

// Repository names contain no blanks.
std::string own_key(std::string_view repository, bool push) {
  return std::string(repository) + (push ? " push" : "");
}

bool is_same(const std::weak_ptr<const auth::token>& a, const auth::token_ptr& b) noexcept {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

const auth::requirement& registry_hints::registry_state::requirement_for(std::string_view repository, bool push) const {
  if (own.empty()) return last;
  for (const bool which : {push, !push}) {
    const auto at = own.find(own_key(repository, which));
    if (at != own.end()) return at->second;
  }
  return last;
}

std::optional<auth::requirement> registry_hints::requirement_of(const registry::host& host, std::string_view repository,
                                                                bool push) const {
  const std::lock_guard held(lock_);
  const auto it = requirements_.find(host);
  if (it == requirements_.end()) return std::nullopt;
  return it->second.requirement_for(repository, push);
}

void registry_hints::learn(const registry::host& host, std::string_view repository, bool push,
                           const auth::requirement& requirement) {
  const std::lock_guard held(lock_);
  make_room_for(host);
  auto kept = without_details(requirement);
  auto [it, fresh] = requirements_.try_emplace(host, registry_state{kept, {}});
  auto& own = it->second.own;
  const auto at = own.empty() ? own.end() : own.find(own_key(repository, push));
  if (at != own.end()) {
    at->second = kept;
  } else if (!fresh && !repository.empty() && !same_endpoint(it->second.requirement_for(repository, push), kept)) {
    if (own.size() >= max_own_requirements) own.erase(own.begin());
    own.emplace(own_key(repository, push), kept);
  }
  it->second.last = std::move(kept);
}

void registry_hints::make_room_for(const registry::host& host) {
  if (requirements_.size() >= max_registries && !requirements_.contains(host))
    requirements_.erase(requirements_.begin());
}

bool registry_hints::refuse(std::uint64_t generation) {
  const std::lock_guard held(lock_);
  if (!refused_.insert(generation).second) return false;
  if (refused_.size() > max_refused) refused_.erase(refused_.begin());  // the oldest
  return true;
}

void registry_hints::accept(std::uint64_t generation) {
  const std::lock_guard held(lock_);
  refused_.erase(generation);
}

bool registry_hints::is_refused(std::uint64_t generation) const {
  const std::lock_guard held(lock_);
  return refused_.contains(generation);
}

void registry_hints::refuse_fresh(const auth::token_ptr& token, steady_time at) {
  if (!token) return;
  const std::lock_guard held(lock_);
  std::erase_if(refused_tokens_, [&](const refused_token& refused) {
    return refused.until <= at || refused.token.expired() || is_same(refused.token, token);
  });
  if (refused_tokens_.size() >= max_refused_tokens) refused_tokens_.pop_front();
  refused_tokens_.push_back({token, at + pause_after(*token)});
}

bool registry_hints::was_refused_fresh(const auth::token_ptr& token, steady_time at) const {
  const std::lock_guard held(lock_);
  return std::ranges::any_of(refused_tokens_, [&](const refused_token& refused) {
    return at < refused.until && is_same(refused.token, token);
  });
}

std::optional<std::string> registry_hints::repository_of(const registry::host& host, std::string_view target) const {
  const std::lock_guard held(lock_);
  const upload* fitting = nullptr;
  const upload* found = nullptr;
  bool unsure = false;
  const auto [first, last] = by_path_.equal_range(path_of(target));
  for (auto it = first; it != last; ++it) {
    const auto& candidate = *it->second;
    if (candidate.host != host) continue;
    if (has_all_of(query_of(target), query_of(candidate.target))) {
      if (fitting == nullptr || fitting->target.size() < candidate.target.size()) fitting = &candidate;
    }
    unsure = unsure || (found != nullptr && found->repository != candidate.repository);
    found = &candidate;
  }
  if (fitting != nullptr) return fitting->repository;
  // A client may drop parts of the query as long as the path alone identifies the upload.
  if (found == nullptr || unsure) return std::nullopt;
  return found->repository;
}

void registry_hints::remember_upload(const registry::host& host, std::string_view target,
                                     const std::string& repository) {
  const std::lock_guard held(lock_);
  const auto [first, last] = by_path_.equal_range(path_of(target));
  for (auto it = first; it != last; ++it) {
    if (it->second->host != host || it->second->target != target) continue;
    it->second->repository = repository;
    uploads_.splice(uploads_.begin(), uploads_, it->second);
    return;
  }
  uploads_.push_front(upload{host, std::string(target), repository});
  by_path_.emplace(path_of(uploads_.front().target), uploads_.begin());
  if (uploads_.size() > max_uploads) forget_upload(std::prev(uploads_.end()));
}

void registry_hints::forget_upload(uploads::iterator at) {
  const auto [first, last] = by_path_.equal_range(path_of(at->target));
  for (auto it = first; it != last; ++it) {
    if (it->second != at) continue;
    by_path_.erase(it);
    break;
  }
  uploads_.erase(at);
}

}  // namespace regpass::forward
