#include "cli/commands/commands.hpp"
#include "daemon/startup/build_info.hpp"

#include <boost/version.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <cstdio>

namespace regpass::cli {

std::string version_text() {
  return fmt::format("regpass {} (commit {})\ncompiler {}\nBoost {}.{}, fmt {}.{}, {}", daemon::build_version(),
                     daemon::build_commit(), daemon::build_compiler(), BOOST_VERSION / 100000,
                     BOOST_VERSION / 100 % 1000, FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                     ::OpenSSL_version(OPENSSL_VERSION));
}

int version() {
  std::puts(version_text().c_str());
  return exit_fine;
}

}  // namespace regpass::cli
