#include "admin/client.hpp"
#include "cli/commands/commands.hpp"
#include "regpass/net/dial.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/listener.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

namespace regpass::cli {

namespace {

constexpr auto answer_within = std::chrono::seconds{3};
constexpr auto ask_again_after = std::chrono::milliseconds{100};

// An address for all interfaces is reached by loopback.
std::string host_of(const boost::asio::ip::tcp::endpoint& at) {
  if (!at.address().is_unspecified()) return at.address().to_string();
  return at.address().is_v6() ? "::1" : "127.0.0.1";
}

async::task<void> probe(boost::asio::ip::tcp::endpoint at, std::string target, result<admin::answer>& into) {
  net::dial_target where;
  where.host = host_of(at);
  where.port = at.port();
  where.blame = party::us;
  where.within = answer_within;
  where.allowed = [](const boost::asio::ip::address&) -> result<void> { return {}; };
  auto reached = co_await net::dial(std::move(where));
  if (!reached) {
    into = std::unexpected(reached.error());
    co_return;
  }
  auto wire = net::make_tcp_stream(std::move(reached->socket), party::us);
  into = co_await admin::ask(std::move(wire), "GET", std::move(target), std::string(), answer_within);
}

result<admin::answer> ask_once(const boost::asio::ip::tcp::endpoint& at, const std::string& target) {
  boost::asio::io_context loop(1);
  result<admin::answer> got = fail(errc::cancelled, "was not asked");
  async::spawn(loop.get_executor(), probe(at, target, got), "health check");
  loop.run();
  return got;
}

}  // namespace

int healthcheck(const common_options& common, const health_options& asked) {
  auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return exit_usage;
  const auto& listen = loaded->settings.listen.health;
  const auto at = net::parse_endpoint(listen);
  if (!at) {
    complain("listen.health is off, so nobody can be asked", "write listen.health = \"127.0.0.1:9128\"");
    return exit_usage;
  }
  const std::string target = asked.which == "ready" ? "/readyz" : "/livez";
  const auto until = std::chrono::steady_clock::now() + asked.patience;
  auto got = ask_once(*at, target);
  while ((!got || got->status != 200) && std::chrono::steady_clock::now() + ask_again_after < until) {
    std::this_thread::sleep_for(ask_again_after);
    got = ask_once(*at, target);
  }
  if (!got) {
    complain("no answer from " + net::shown(*at) + ": " + to_text(got.error()));
    return exit_failed;
  }
  std::fputs(got->body.c_str(), stdout);
  return got->status == 200 ? exit_fine : exit_failed;
}

}  // namespace regpass::cli
