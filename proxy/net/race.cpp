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

// What is told of a name with many addresses must stay one line.
constexpr std::size_t most_told = 4;

struct attempt {
  attempt(const async::executor& on, tcp::endpoint where) : socket(on), to(std::move(where)) {}
  tcp_socket socket;
  tcp::endpoint to;
  std::optional<boost::system::error_code> ended;
};

// Outlives the race by the completions of the attempts that were given up.
struct field {
  explicit field(const async::executor& runs_on) : on(runs_on), attempt_ended(runs_on) {}

  void start(const tcp::endpoint& to, const std::shared_ptr<field>& self);
  void give_up();
  attempt* winner();
  bool any_open() const;

  async::executor on;
  boost::asio::steady_timer attempt_ended;  // cancelled when an attempt ends
  std::vector<std::unique_ptr<attempt>> attempts;
};

void field::start(const tcp::endpoint& to, const std::shared_ptr<field>& self) {
  auto* one = attempts.emplace_back(std::make_unique<attempt>(on, to)).get();
  one->socket.async_connect(to, [self, one](const boost::system::error_code& ec) {
    one->ended = ec;
    self->attempt_ended.cancel();
  });
}

void field::give_up() {
  boost::system::error_code ignored;
  for (const auto& one : attempts) one->socket.close(ignored);
}

attempt* field::winner() {
  const auto won = std::ranges::find_if(attempts, [](const auto& one) { return one->ended && !*one->ended; });
  return won == attempts.end() ? nullptr : won->get();
}

bool field::any_open() const {
  return std::ranges::any_of(attempts, [](const auto& one) { return !one->ended; });
}

std::string told(const std::vector<std::unique_ptr<attempt>>& attempts) {
  std::string text;
  for (std::size_t i = 0; i < std::min(attempts.size(), most_told); ++i) {
    const auto& one = *attempts[i];
    if (i > 0) text += "; ";
    text += shown(one.to) + (one.ended ? ": " + one.ended->message() : " did not answer");
  }
  if (attempts.size() > most_told) text += "; and " + std::to_string(attempts.size() - most_told) + " more addresses";
  return text;
}

// Silence outweighs refusals: the time was lost to it.
error lost(const field& all, party blame) {
  if (all.any_open() || all.attempts.empty()) {
    auto detail = all.attempts.empty() ? std::string("no time left to connect") : told(all.attempts);
    return error{.code = errc::timed_out, .who = blame, .when = phase::connect, .detail = std::move(detail)};
  }
  return to_error(*all.attempts.back()->ended, phase::connect, blame, told(all.attempts));
}

}  // namespace

endpoints in_turn(const endpoints& resolved) {
  endpoints same;
  endpoints other;
  for (const auto& one : resolved) {
    auto& family = one.protocol() == resolved.front().protocol() ? same : other;
    if (std::ranges::find(family, one) == family.end()) family.push_back(one);
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
  const auto all = std::make_shared<field>(on);
  auto next_at = clock::now();
  for (;;) {
    // One that arrived together with the end of the time has still won.
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
  auto problem = lost(*all, blame);
  all->give_up();
  co_return std::unexpected(std::move(problem));
}

}  // namespace regpass::net
