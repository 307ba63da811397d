// Both ends of the benchmark: an origin that speaks as much of a registry as the workloads need, and the client that
// loads it, directly or through a proxy under test.
//
// Neither may be slower than the proxies. Each is one thread on epoll that gathers TLS records into large sends, reads
// many records at once and never looks into a body. Bodies are only counted: the digits of a blob's digest are the
// number of bytes to send, in hexadecimal, so one origin serves blobs of every size.
#include "ends.hpp"

#include <fmt/core.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

int main(int argc, char** argv) {
  constexpr auto usage =
      "usage: bench-load origin --listen HOST:PORT --cert FILE --key FILE\n"
      "       bench-load client --target HOST:PORT [--proxy HOST:PORT] --ca FILE [--authorization VALUE]\n"
      "                         --workload download|upload|manifests [--size BYTES] [--requests N] [--connections N]\n";
  try {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode != "origin" && mode != "client") {
      fmt::print(stderr, usage);
      return 2;
    }
    static_cast<void>(::signal(SIGPIPE, SIG_IGN));
    const bench::Options options(argc - 2, argv + 2);
    if (mode == "origin") bench::origin(options);
    bench::client(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-load: {}\n", error.what());
    return 1;
  }
}
