#include "regpass/forward/refusals.hpp"

#include "regpass/base/log.hpp"
#include "regpass/base/time.hpp"
#include "regpass/forward/services.hpp"
#include "regpass/net/listener.hpp"

#include <boost/asio/steady_timer.hpp>

namespace regpass::forward {

namespace {

// Ports are as many as connections: the address is who somebody is.
std::string host_of(std::string_view peer) {
  const auto at = net::parse_endpoint(peer);
  return at ? at->address().to_string() : std::string(peer);
}

net::task<void> sum_up(surroundings around, refusals::key place) {
  boost::asio::steady_timer timer(around.on, refusals::span);
  auto [ec] = co_await timer.async_wait(net::use_task);
  if (ec) co_return;
  const auto& [client, cause] = place;
  const auto count = around.shared.refused.take(place);
  const auto text = std::to_string(count) + " more refusals of " + client + " within " +
                    std::to_string(refusals::span.count()) + " s were only counted: " + cause;
  log::write(log::level::warn, "refusals-counted", text, {{"client", client}, {"cause", cause}, {"count", count}});
}

}  // namespace

refusals::key refusals::place_for(std::string_view client, std::string_view cause) const {
  key wanted{client, cause};
  const bool has_place = counts_.contains(wanted) || counts_.size() < most_places;
  return has_place ? wanted : key{"other clients", "various causes"};
}

void refusals::forget_the_past(steady_time at) {
  std::erase_if(counts_,
                [&](const auto& one) { return one.second.only_counted == 0 && at - one.second.began_at >= span; });
}

refusals::verdict refusals::add(std::string_view client, std::string_view cause, steady_time at) {
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

std::uint64_t refusals::take(const key& place) {
  const std::lock_guard held(lock_);
  const auto found = counts_.find(place);
  return found == counts_.end() ? 0 : std::exchange(found->second.only_counted, 0);
}

bool worth_telling(const surroundings& around, std::string_view peer, std::string_view cause) {
  auto [how, place] = around.shared.refused.add(host_of(peer), cause, now().steady);
  if (how == refusals::told::counted_first) {
    net::spawn(around.on, sum_up(around, std::move(place)), "counting refusals");
  }
  return how == refusals::told::whole;
}

}  // namespace regpass::forward
