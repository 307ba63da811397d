#include "regpass/net/dial.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <string>

#include "regpass/net/deadline.hpp"
#include "regpass/net/errors.hpp"

namespace regpass::net {

namespace {

using boost::asio::ip::tcp;
using clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

error dial_error(errc code, phase when, party who, std::string detail) {
  return error{.code = code, .who = who, .when = when, .detail = std::move(detail), .os = 0, .answer_started = false};
}

task<result<std::vector<tcp::endpoint>>> resolve(const dial_target& target) {
  boost::system::error_code literal;
  const auto address = boost::asio::ip::make_address(target.host, literal);
  if (!literal) co_return std::vector<tcp::endpoint>(1, tcp::endpoint(address, target.port));

  const auto on = co_await boost::asio::this_coro::executor;
  tcp::resolver resolver(on);
  deadline timer(on, [&resolver] { resolver.cancel(); });
  timer.set(phase::resolve, target.within);
  const auto service = std::to_string(target.port);
  const auto [ec, found] = co_await resolver.async_resolve(target.host, service, tcp::resolver::numeric_service, use_task);
  if (ec) {
    co_return std::unexpected(timer.blame(to_error(ec, phase::resolve, target.blame, target.host + ": " + ec.message())));
  }
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found) {
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
    const auto shown = to.address().to_string() + ":" + std::to_string(to.port());
    auto problem = timer.blame(to_error(ec, phase::connect, blame, shown + ": " + ec.message()));
    if (problem.code == errc::timed_out) problem.detail = shown + " did not answer";
    co_return std::unexpected(std::move(problem));
  }
  co_return socket;
}

result<void> judge(const dial_target& target, const std::vector<tcp::endpoint>& endpoints) {
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
    co_return std::unexpected(dial_error(errc::unresolved, phase::resolve, target.blame, target.host + " has no address"));
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
