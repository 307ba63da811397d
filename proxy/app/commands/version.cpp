#include "commands.hpp"

#include <boost/version.hpp>
#include <fmt/core.h>
#include <openssl/crypto.h>

#include <cstdio>

namespace regpass::app {

int version() {
  std::printf("regpass %s (commit %s)\n", REGPASS_VERSION, REGPASS_COMMIT);
  std::printf("compiler %s\n", __VERSION__);
  std::printf("Boost %d.%d, fmt %d.%d, %s\n", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, FMT_VERSION / 10000,
              FMT_VERSION / 100 % 100, ::OpenSSL_version(OPENSSL_VERSION));
  return exit_fine;
}

}  // namespace regpass::app
