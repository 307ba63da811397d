#include "auth/token_cache.hpp"

#include <iterator>
#include <utility>

namespace regpass::auth {
namespace {

std::size_t width(const registry::scope_set& scopes) noexcept {
  std::size_t actions = 0;
  for (const auto& one : scopes.list()) actions += one.actions.size();
  return actions;
}

bool will_do(const token& one, const registry::scope_set& need, steady_time now) {
  if (one.expired(now) || !one.asked.covers(need)) return false;
  return one.asked == need || !one.granted || one.granted->covers(need);
}

}  // namespace

token_ptr token_cache::find(const token_key& key, const registry::scope_set& need, steady_time now) {
  auto best = entries_.end();
  for (const auto at : candidates(key, need)) {
    if (at->key != key || !will_do(*at->token, need, now)) continue;
    if (best == entries_.end() || width(at->token->asked) < width(best->token->asked)) best = at;
  }
  if (best == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, best);
  return best->token;
}

void token_cache::store(const token_key& key, token_ptr fresh, steady_time now) {
  if (!fresh || fresh->expired(now) || capacity_ == 0) return;
  for (const auto at : candidates(key, fresh->asked)) {
    if (at->key == key && at->token->asked == fresh->asked) erase(at);
  }
  if (entries_.size() >= capacity_) {
    erase_if([&](const entry& one) { return one.token->expired(now); });
  }
  if (entries_.size() >= capacity_) erase(std::prev(entries_.end()));
  entries_.push_front({key, std::move(fresh)});
  for (auto& one : subjects_of(entries_.front())) by_subject_[std::move(one)].push_back(entries_.begin());
}

void token_cache::forget(const token_ptr& refused) {
  erase_if([&](const entry& one) { return one.token == refused; });
}

std::vector<token_cache::subject> token_cache::subjects_of(const entry& one) {
  std::vector<subject> all;
  for (const auto& each : one.token->asked.list()) all.push_back({one.key, each.type, each.name});
  return all;
}

// A need of nothing is served by all.
std::vector<token_cache::place> token_cache::candidates(const token_key& key, const registry::scope_set& need) {
  if (!need.empty()) {
    const auto& first = need.list().front();
    const auto found = by_subject_.find({key, first.type, first.name});
    return found == by_subject_.end() ? std::vector<place>() : found->second;
  }
  std::vector<place> all;
  for (auto at = entries_.begin(); at != entries_.end(); ++at) all.push_back(at);
  return all;
}

token_cache::place token_cache::erase(place at) {
  for (const auto& one : subjects_of(*at)) {
    const auto found = by_subject_.find(one);
    std::erase(found->second, at);
    if (found->second.empty()) by_subject_.erase(found);
  }
  return entries_.erase(at);
}

template <class Which>
void token_cache::erase_if(Which which) {
  for (auto at = entries_.begin(); at != entries_.end();) at = which(*at) ? erase(at) : std::next(at);
}

std::vector<std::pair<token_key, token_ptr>> token_cache::live(steady_time now) const {
  std::vector<std::pair<token_key, token_ptr>> found;
  for (const auto& one : entries_) {
    if (!one.token->expired(now)) found.emplace_back(one.key, one.token);
  }
  return found;
}

void token_cache::drop(std::uint64_t generation) {
  erase_if([&](const entry& one) { return one.key.generation == generation; });
}

}  // namespace regpass::auth
