#include "net/race.hpp"

#include "net/errors.hpp"
#include "regpass/net/endpoint.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace regpass::net {

namespace {

using boost::asio::ip::tcp;
using clock = std::chrono::steady_clock;

// The error for a name with many addresses must fit on one line.
constexpr std::size_t max_reported = 4;

struct attempt {
  attempt(const async::executor& on, tcp::endpoint where) : socket(on), to(std::move(where)) {}
  tcp_socket socket;
  tcp::endpoint to;
  std::optional<boost::system::error_code> ended;
};

// Kept alive by the handlers of abandoned attempts after the race has ended.
struct attempt_list {
  explicit attempt_list(const async::executor& runs_on) : on(runs_on), attempt_ended(runs_on) {}

  void start(const tcp::endpoint& to, const std::shared_ptr<attempt_list>& self);
  void give_up();
  attempt* winner();
  bool any_open() const;

  async::executor on;
  boost::asio::steady_timer attempt_ended;  // cancelled when an attempt ends
  std::vector<std::unique_ptr<attempt>> attempts;
};

void attempt_list::start(const tcp::endpoint& to, const std::shared_ptr<attempt_list>& self) {
  auto* added = attempts.emplace_back(std::make_unique<attempt>(on, to)).get();
  added->socket.async_connect(to, [self, added](const boost::system::error_code& ec) {
    added->ended = ec;
    self->attempt_ended.cancel();
  });
}

void attempt_list::give_up() {
  boost::system::error_code ignored;
  for (const auto& each : attempts) each->socket.close(ignored);
}

attempt* attempt_list::winner() {
  const auto won = std::ranges::find_if(attempts, [](const auto& each) { return each->ended && !*each->ended; });
  return won == attempts.end() ? nullptr : won->get();
}

bool attempt_list::any_open() const {
  return std::ranges::any_of(attempts, [](const auto& each) { return !each->ended; });
}

std::string describe(const std::vector<std::unique_ptr<attempt>>& attempts) {
  std::string text;
  for (std::size_t i = 0; i < std::min(attempts.size(), max_reported); ++i) {
    const auto& each = *attempts[i];
    if (i > 0) text += "; ";
    text += shown(each.to) + (each.ended ? ": " + each.ended->message() : " did not answer");
  }
  if (attempts.size() > max_reported)
    text += "; and " + std::to_string(attempts.size() - max_reported) + " more addresses";
  return text;
}

// If any attempt got no answer, the error is a timeout: that is what the time was spent on.
error failure_of(const attempt_list& all, party blame) {
  if (all.any_open() || all.attempts.empty()) {
    auto detail = all.attempts.empty() ? std::string("no time left to connect") : describe(all.attempts);
    return error{.code = errc::timed_out, .who = blame, .when = phase::connect, .detail = std::move(detail)};
  }
  return to_error(*all.attempts.back()->ended, phase::connect, blame, describe(all.attempts));
}

}  // namespace

endpoints interleave_families(const endpoints& resolved) {
  endpoints same;
  endpoints other;
  for (const auto& endpoint : resolved) {
    auto& family = endpoint.protocol() == resolved.front().protocol() ? same : other;
    if (std::ranges::find(family, endpoint) == family.end()) family.push_back(endpoint);
  }
  endpoints out;
  for (std::size_t i = 0; i < std::max(same.size(), other.size()); ++i) {
    if (i < same.size()) out.push_back(same[i]);
    if (i < other.size()) out.push_back(other[i]);
  }
  return out;
}

async::task<result<tcp_socket>> race(endpoints to, clock::time_point until, party blame) {
  const auto on = co_await boost::asio::this_coro::executor;
  const auto all = std::make_shared<attempt_list>(on);
  auto next_at = clock::now();
  for (;;) {
    // A connection established exactly at the deadline still wins.
    if (auto* won = all->winner()) {
      auto socket = std::move(won->socket);
      all->give_up();
      co_return socket;
    }
    if (clock::now() >= until) break;
    const bool more = all->attempts.size() < to.size();
    if (!more && !all->any_open()) break;
    if (more && (!all->any_open() || clock::now() >= next_at)) {
      all->start(to[all->attempts.size()], all);
      next_at = clock::now() + attempt_delay;
    }
    all->attempt_ended.expires_at(all->attempts.size() < to.size() ? std::min(next_at, until) : until);
    co_await all->attempt_ended.async_wait(async::use_task);
  }
  auto problem = failure_of(*all, blame);
  all->give_up();
  co_return std::unexpected(std::move(problem));
}

}  // namespace regpass::net
