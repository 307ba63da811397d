// Connections that stay open while the proxy's memory is measured, and the first response of a proxy that is starting.
#include "ends.hpp"
#include "link.hpp"
#include "work.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

namespace bench {
namespace {

void shake_hands(Link& link) {
  while (!link.secure().shake_hands() || !link.secure().flush()) {
    link.secure().flush();
    pollfd wanted{link.secure().socket(), POLLIN, 0};
    ::poll(&wanted, 1, -1);
  }
}

std::unique_ptr<Link> standing(const Way& way, SSL_CTX* context, bool warm, const Work& work) {
  auto link = make_link(way, context);
  shake_hands(*link);
  if (!warm) return link;
  if (const Answer answer = ask(*link, work.ping()); answer.status != 200)
    fail(fmt::format("unexpected status {}", answer.status));
  return link;
}

}  // namespace

void hold(const Options& options) {
  constexpr std::uint64_t threads = 16;  // so that the handshakes run in parallel
  const Way way(options);
  const Context context = way.context();
  const Work work(options);
  const bool warm = options.number("warm", 0) != 0;
  std::vector<std::unique_ptr<Link>> links(options.number("connections", 1));
  std::atomic<bool> failed = false;
  {
    std::vector<std::jthread> crowd;
    for (std::uint64_t first = 0; first < threads; ++first)
      crowd.emplace_back([&, first] {
        try {
          for (auto i = first; i < links.size(); i += threads) links[i] = standing(way, context.get(), warm, work);
        } catch (const std::exception& error) {
          fmt::print(stderr, "bench-load: {}\n", error.what());
          failed = true;
        }
      });
  }
  if (failed) fail("not all connections could be opened");
  fmt::print("{{\"held\":{}}}\n", links.size());
  std::fflush(stdout);
  std::array<char, 64> scratch;
  while (::read(STDIN_FILENO, scratch.data(), scratch.size()) > 0) continue;
}

void first(const Options& options) {
  const auto since = Clock::time_point(std::chrono::nanoseconds(options.number("since", 0)));
  const auto until = Clock::now() + std::chrono::seconds(20);
  const Way way(options);
  for (;;) {
    try {
      const Descriptor probe = connect_to(way.proxy.value_or(way.target));
      break;
    } catch (const std::exception&) {
      if (Clock::now() > until) throw;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  const Context context = way.context();  // the proxy may have just created the CA
  Work work(options);
  Job job;
  const auto link = make_link(way, context.get());
  const Answer answer = ask(*link, *work.begin(job));
  if (answer.status != 200) fail(fmt::format("unexpected status {}", answer.status));
  fmt::print("{{\"seconds\":{:.6f}}}\n", std::chrono::duration<double>(Clock::now() - since).count());
}

}  // namespace bench
