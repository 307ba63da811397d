#include "regpass/net/dial.hpp"

#include "endpoint.hpp"
#include "regpass/net/deadline.hpp"
#include "regpass/net/errors.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace regpass::net {

namespace {

using boost::asio::ip::tcp;
using clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

error dial_error(errc code, phase when, party who, std::string detail) {
  return error{.code = code, .who = who, .when = when, .detail = std::move(detail), .os = 0, .answer_started = false};
}

// getaddrinfo cannot be interrupted: who gives up leaves it behind, and its answer reaches nobody.
struct look_up {
  explicit look_up(const executor& on) : resolver(on), waiting(on) {}

  tcp::resolver resolver;
  boost::asio::steady_timer waiting;
  bool done = false;
  boost::system::error_code ec;
  tcp::resolver::results_type found;
};

std::shared_ptr<look_up> begin_look_up(const executor& on, const dial_target& target) {
  auto made = std::make_shared<look_up>(on);
  made->waiting.expires_after(target.within);
  made->resolver.async_resolve(target.host, std::to_string(target.port), tcp::resolver::numeric_service,
                               [made](const boost::system::error_code& ec, tcp::resolver::results_type found) {
                                 made->done = true;
                                 made->ec = ec;
                                 made->found = std::move(found);
                                 made->waiting.cancel();
                               });
  return made;
}

task<result<std::vector<tcp::endpoint>>> resolve(const dial_target& target) {
  boost::system::error_code literal;
  const auto address = boost::asio::ip::make_address(target.host, literal);
  if (!literal) co_return std::vector<tcp::endpoint>(1, tcp::endpoint(address, target.port));

  const auto on = co_await boost::asio::this_coro::executor;
  const auto asked = begin_look_up(on, target);
  co_await asked->waiting.async_wait(use_task);
  if (!asked->done) {
    co_return std::unexpected(
        dial_error(errc::timed_out, phase::resolve, target.blame, target.host + ": no answer from the name server"));
  }
  if (asked->ec) {
    co_return std::unexpected(
        to_error(asked->ec, phase::resolve, target.blame, target.host + ": " + asked->ec.message()));
  }
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : asked->found) {
    if (std::ranges::find(endpoints, entry.endpoint()) == endpoints.end()) endpoints.push_back(entry.endpoint());
  }
  co_return endpoints;
}

task<result<tcp_socket>> connect_one(tcp::endpoint to, milliseconds within, party blame) {
  const auto on = co_await boost::asio::this_coro::executor;
  tcp_socket socket(on);
  deadline timer(on, [&socket] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  timer.set(phase::connect, within);
  const auto [ec] = co_await socket.async_connect(to, use_task);
  if (ec || timer.expired()) {
    auto problem = timer.blame(to_error(ec, phase::connect, blame, shown(to) + ": " + ec.message()));
    if (problem.code == errc::timed_out) problem.detail = shown(to) + " did not answer";
    co_return std::unexpected(std::move(problem));
  }
  co_return socket;
}

result<void> judge(const dial_target& target, const std::vector<tcp::endpoint>& endpoints) {
  if (!target.allowed) {
    return std::unexpected(
        dial_error(errc::denied, phase::resolve, party::us, "nobody says which addresses are allowed"));
  }
  for (const auto& endpoint : endpoints) {
    auto verdict = target.allowed(endpoint.address());
    if (verdict) continue;
    auto problem = verdict.error();
    problem.when = phase::resolve;
    return std::unexpected(std::move(problem));
  }
  return {};
}

}  // namespace

task<result<dialled>> dial(dial_target target) {
  const auto began = clock::now();
  auto endpoints = co_await resolve(target);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  if (endpoints->empty()) {
    co_return std::unexpected(
        dial_error(errc::unresolved, phase::resolve, target.blame, target.host + " has no address"));
  }
  auto allowed = judge(target, *endpoints);
  if (!allowed) co_return std::unexpected(allowed.error());

  const auto resolved = clock::now();
  error last = dial_error(errc::timed_out, phase::connect, target.blame, "no time left to connect");
  for (std::size_t i = 0; i < endpoints->size(); ++i) {
    const auto left = duration_cast<milliseconds>(began + target.within - clock::now());
    if (left.count() <= 0) break;
    const auto share = left / static_cast<long>(endpoints->size() - i);
    auto socket = co_await connect_one((*endpoints)[i], share, target.blame);
    if (!socket) {
      last = socket.error();
      continue;
    }
    dialled made{.socket = std::move(*socket),
                 .address = (*endpoints)[i].address().to_string(),
                 .resolved_in = duration_cast<milliseconds>(resolved - began),
                 .connected_in = duration_cast<milliseconds>(clock::now() - resolved)};
    co_return made;
  }
  co_return std::unexpected(last);
}

}  // namespace regpass::net
