#include "forward/services/refusal_limiter.hpp"

#include "forward/services/services.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/time.hpp"
#include "regpass/net/listener.hpp"

#include <boost/asio/steady_timer.hpp>

namespace regpass::forward {

namespace {

// The address identifies a client; every connection has another port.
std::string address_of(std::string_view peer) {
  const auto endpoint = net::parse_endpoint(peer);
  return endpoint ? endpoint->address().to_string() : std::string(peer);
}

async::task<void> log_count(worker_context context, refusal_limiter::key slot) {
  boost::asio::steady_timer timer(context.on, refusal_limiter::span);
  auto [ec] = co_await timer.async_wait(async::use_task);
  if (ec) co_return;
  const auto& [client, cause] = slot;
  const auto count = context.shared.refusals.take(slot);
  const auto text = std::to_string(count) + " more refusals of " + client + " within " +
                    std::to_string(refusal_limiter::span.count()) + " s were only counted: " + cause;
  log::write(log::level::warn, "refusals-counted", text, {{"client", client}, {"cause", cause}, {"count", count}});
}

}  // namespace

refusal_limiter::key refusal_limiter::slot_for(std::string_view client, std::string_view cause) const {
  key own{client, cause};
  const bool has_slot = slots_.contains(own) || slots_.size() < max_slots;
  return has_slot ? own : key{"other clients", "various causes"};
}

void refusal_limiter::drop_finished(steady_time at) {
  std::erase_if(slots_,
                [&](const auto& slot) { return slot.second.only_counted == 0 && at - slot.second.began_at >= span; });
}

refusal_limiter::verdict refusal_limiter::add(std::string_view client, std::string_view cause, steady_time at) {
  const std::lock_guard held(lock_);
  if (slots_.size() >= max_slots) drop_finished(at);
  auto slot = slot_for(client, cause);
  auto& current = slots_[slot];
  if (at - current.began_at >= span) {
    current.began_at = at;
    current.reported = 0;
  }
  if (current.reported < max_reported_) {
    ++current.reported;
    return {action::report, std::move(slot)};
  }
  return {current.only_counted++ == 0 ? action::count_first : action::count, std::move(slot)};
}

std::uint64_t refusal_limiter::take(const key& slot) {
  const std::lock_guard held(lock_);
  const auto found = slots_.find(slot);
  return found == slots_.end() ? 0 : std::exchange(found->second.only_counted, 0);
}

bool should_report(const worker_context& context, std::string_view peer, std::string_view cause) {
  auto [todo, slot] = context.shared.refusals.add(address_of(peer), cause, now().steady);
  if (todo == refusal_limiter::action::count_first) {
    async::spawn(context.on, log_count(context, std::move(slot)), "counting refusals");
  }
  return todo == refusal_limiter::action::report;
}

}  // namespace regpass::forward
