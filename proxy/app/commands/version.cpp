#include "app/build.hpp"
#include "commands.hpp"

#include <boost/version.hpp>
#include <fmt/core.h>
#include <openssl/crypto.h>

#include <cstdio>

namespace regpass::app {

int version() {
  fmt::print("regpass {} (commit {})\ncompiler {}\n", build_version(), build_commit(), build_compiler());
  std::printf("Boost %d.%d, fmt %d.%d, %s\n", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, FMT_VERSION / 10000,
              FMT_VERSION / 100 % 100, ::OpenSSL_version(OPENSSL_VERSION));
  return exit_fine;
}

}  // namespace regpass::app
