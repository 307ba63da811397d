// Both ends of the benchmark: an origin that implements the parts of a registry that the workloads need, and the client
// that loads it, directly or through a proxy under test.
//
// Neither may be slower than the proxies. Each is one thread on epoll (`fresh` has eight) that combines TLS records
// into large sends, reads many records at once and never inspects a body.
#include "ends.hpp"
#include "load_loop.hpp"

#include <fmt/core.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

namespace bench {

void client(const Options& options) {
  LoadLoop loop(options);
  loop.warm_up();
  const auto start = Clock::now();
  if (const auto rate = options.number("rate", 0); rate > 0)
    loop.open(static_cast<double>(rate));
  else
    loop.closed();
  loop.result().print(std::chrono::duration<double>(Clock::now() - start).count());
}

}  // namespace bench

int main(int argc, char** argv) {
  constexpr auto usage =
      "usage: bench-load origin --listen HOST:PORT --listen-h2 HOST:PORT --cert FILE --key FILE\n"
      "       bench-load client|fresh|hold|first --target HOST:PORT [--proxy HOST:PORT] --ca FILE [--h2 1]\n"
      "           --workload download|upload|manifests|scopes [--authorization VALUE] [--authority HOST:PORT]\n"
      "           client: [--size BYTES] [--requests N] [--connections N] [--streams N] [--rate PER_SECOND]\n"
      "             of scopes: [--first N] [--repositories N]\n"
      "           fresh, a connection per request: [--requests N] [--resume 1]\n"
      "           hold, until standard input ends: [--connections N] [--warm 1]\n"
      "           first, of a proxy that is starting: --since NANOSECONDS\n";
  const std::map<std::string, void (*)(const bench::Options&)> modes{{"origin", &bench::origin},
                                                                     {"client", &bench::client},
                                                                     {"fresh", &bench::fresh},
                                                                     {"hold", &bench::hold},
                                                                     {"first", &bench::first}};
  const auto mode = modes.find(argc > 1 ? argv[1] : "");
  if (mode == modes.end()) {
    fmt::print(stderr, usage);
    return 2;
  }
  try {
    static_cast<void>(::signal(SIGPIPE, SIG_IGN));
    mode->second(bench::Options(argc - 2, argv + 2));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-load: {}\n", error.what());
    return 1;
  }
}
