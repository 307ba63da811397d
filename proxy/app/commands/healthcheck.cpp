#include "commands.hpp"
#include "regpass/admin/client.hpp"
#include "regpass/net/dial.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/listener.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdio>

namespace regpass::app {

namespace {

constexpr auto answer_within = std::chrono::seconds{3};

// An address for all interfaces is reached by loopback.
std::string host_of(const boost::asio::ip::tcp::endpoint& at) {
  if (!at.address().is_unspecified()) return at.address().to_string();
  return at.address().is_v6() ? "::1" : "127.0.0.1";
}

net::task<void> probe(boost::asio::ip::tcp::endpoint at, std::string target, result<admin::answer>& into) {
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

}  // namespace

int healthcheck(const common_options& common, const std::string& which) {
  auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return exit_usage;
  const auto& listen = loaded->settings.listen.health;
  const auto at = net::parse_endpoint(listen);
  if (!at) {
    complain("listen.health is off, so nobody can be asked", "write listen.health = \"127.0.0.1:9128\"");
    return exit_usage;
  }
  boost::asio::io_context loop(1);
  result<admin::answer> got = fail(errc::cancelled, "was not asked");
  net::spawn(loop.get_executor(), probe(*at, which == "ready" ? "/readyz" : "/livez", got), "health check");
  loop.run();
  if (!got) {
    complain("no answer from " + net::shown(*at) + ": " + to_text(got.error()));
    return exit_failed;
  }
  std::fputs(got->body.c_str(), stdout);
  return got->status == 200 ? exit_fine : exit_failed;
}

}  // namespace regpass::app
