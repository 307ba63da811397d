#include "regpass/net/dial.hpp"

#include "net/race.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

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

result<void> judge(const dial_target& target, const std::vector<tcp::endpoint>& endpoints) {
  if (!target.allowed) {
    return std::unexpected(dial_error(errc::denied, phase::resolve, party::us, "no address filter is set"));
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

async::task<result<std::vector<tcp::endpoint>>> resolve(dial_target target) {
  boost::system::error_code literal;
  const auto address = boost::asio::ip::make_address(target.address.empty() ? target.host : target.address, literal);
  if (!literal) co_return std::vector<tcp::endpoint>(1, tcp::endpoint(address, target.port));

  const auto on = co_await boost::asio::this_coro::executor;
  const auto names = resolver_of(on);
  name_query query{
      .host = target.host, .requested_by = target.requested_by, .blame = target.blame, .within = target.within};
  auto found = co_await names->look_up(std::move(query));
  if (!found) co_return std::unexpected(found.error());
  std::vector<tcp::endpoint> resolved;
  for (const auto& each : *found) resolved.emplace_back(each, target.port);
  co_return interleave_families(resolved);
}

async::task<result<dialled_socket>> dial(dial_target target) {
  const auto began = clock::now();
  auto found = co_await resolve(target);
  if (!found) co_return std::unexpected(found.error());
  if (found->empty()) {
    co_return std::unexpected(
        dial_error(errc::unresolved, phase::resolve, target.blame, target.host + " has no address"));
  }
  auto allowed = judge(target, *found);
  if (!allowed) co_return std::unexpected(allowed.error());

  const auto resolved = clock::now();
  auto socket = co_await race(std::move(*found), began + target.within, target.blame);
  if (!socket) {
    const auto on = co_await boost::asio::this_coro::executor;
    if (target.address.empty()) resolver_of(on)->forget(target.host);
    co_return std::unexpected(socket.error());
  }
  boost::system::error_code ignored;  // the peer may have closed already: the first read reports it
  const auto peer = socket->remote_endpoint(ignored);
  dialled_socket connected{.socket = std::move(*socket),
                           .address = peer.address().to_string(),
                           .resolved_in = duration_cast<milliseconds>(resolved - began),
                           .connected_in = duration_cast<milliseconds>(clock::now() - resolved)};
  co_return connected;
}

}  // namespace regpass::net
