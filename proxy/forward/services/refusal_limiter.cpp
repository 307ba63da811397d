#include "forward/services/refusal_limiter.hpp"

#include "forward/services/services.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/time.hpp"
#include "regpass/net/listener.hpp"

#include <boost/asio/steady_timer.hpp>

namespace regpass::forward {

namespace {

// Ports are as many as connections: the address is who somebody is.
std::string host_of(std::string_view peer) {
  const auto at = net::parse_endpoint(peer);
  return at ? at->address().to_string() : std::string(peer);
}

async::task<void> sum_up(worker_context around, refusal_limiter::key place) {
  boost::asio::steady_timer timer(around.on, refusal_limiter::span);
  auto [ec] = co_await timer.async_wait(async::use_task);
  if (ec) co_return;
  const auto& [client, cause] = place;
  const auto count = around.shared.refused.take(place);
  const auto text = std::to_string(count) + " more refusals of " + client + " within " +
                    std::to_string(refusal_limiter::span.count()) + " s were only counted: " + cause;
  log::write(log::level::warn, "refusals-counted", text, {{"client", client}, {"cause", cause}, {"count", count}});
}

}  // namespace

refusal_limiter::key refusal_limiter::place_for(std::string_view client, std::string_view cause) const {
  key wanted{client, cause};
  const bool has_place = counts_.contains(wanted) || counts_.size() < most_places;
  return has_place ? wanted : key{"other clients", "various causes"};
}

void refusal_limiter::forget_the_past(steady_time at) {
  std::erase_if(counts_,
                [&](const auto& one) { return one.second.only_counted == 0 && at - one.second.began_at >= span; });
}

refusal_limiter::verdict refusal_limiter::add(std::string_view client, std::string_view cause, steady_time at) {
  const std::lock_guard held(lock_);
  if (counts_.size() >= most_places) forget_the_past(at);
  auto place = place_for(client, cause);
  auto& one = counts_[place];
  if (at - one.began_at >= span) {
    one.began_at = at;
    one.whole = 0;
  }
  if (one.whole < most_) {
    ++one.whole;
    return {told::whole, std::move(place)};
  }
  return {one.only_counted++ == 0 ? told::counted_first : told::counted, std::move(place)};
}

std::uint64_t refusal_limiter::take(const key& place) {
  const std::lock_guard held(lock_);
  const auto found = counts_.find(place);
  return found == counts_.end() ? 0 : std::exchange(found->second.only_counted, 0);
}

bool should_report(const worker_context& around, std::string_view peer, std::string_view cause) {
  auto [how, place] = around.shared.refused.add(host_of(peer), cause, now().steady);
  if (how == refusal_limiter::told::counted_first) {
    async::spawn(around.on, sum_up(around, std::move(place)), "counting refusals");
  }
  return how == refusal_limiter::told::whole;
}

}  // namespace regpass::forward
