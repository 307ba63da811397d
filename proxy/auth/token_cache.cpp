#include "regpass/auth/token_cache.hpp"

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
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->key != key || !will_do(*it->token, need, now)) continue;
    if (best == entries_.end() || width(it->token->asked) < width(best->token->asked)) best = it;
  }
  if (best == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, best);
  return best->token;
}

void token_cache::store(const token_key& key, token_ptr fresh, steady_time now) {
  if (!fresh || fresh->expired(now) || capacity_ == 0) return;
  std::erase_if(entries_, [&](const entry& one) { return one.key == key && one.token->asked == fresh->asked; });
  if (entries_.size() >= capacity_) {
    std::erase_if(entries_, [&](const entry& one) { return one.token->expired(now); });
  }
  if (entries_.size() >= capacity_) entries_.pop_back();
  entries_.push_front({key, std::move(fresh)});
}

void token_cache::forget(const token_ptr& refused) {
  std::erase_if(entries_, [&](const entry& one) { return one.token == refused; });
}

std::vector<std::pair<token_key, token_ptr>> token_cache::live(steady_time now) const {
  std::vector<std::pair<token_key, token_ptr>> found;
  for (const auto& one : entries_) {
    if (!one.token->expired(now)) found.emplace_back(one.key, one.token);
  }
  return found;
}

void token_cache::drop(std::uint64_t generation) {
  std::erase_if(entries_, [&](const entry& one) { return one.key.generation == generation; });
}

}  // namespace regpass::auth
