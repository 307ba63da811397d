#include "regpass/tls/ca.hpp"

#include "cli/commands/commands.hpp"
#include "regpass/base/time.hpp"

#include <cstdio>

namespace regpass::cli {

int ca_show(const common_options& common) {
  const auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return exit_usage;
  const auto& dir = loaded->settings.tls.ca_dir;
  std::error_code ec;
  if (!std::filesystem::exists(dir / "ca.crt", ec)) {
    complain("there is no CA in " + dir.string() + " yet", "regpass serve makes one when it starts");
    return exit_failed;
  }
  const auto ca = tls::authority::open(tls::ca_options{.dir = dir, .names = {}}, now().wall);
  if (!ca) {
    complain(ca.error().detail);
    return exit_failed;
  }
  std::printf("certificate  %s\n", (dir / "ca.crt").c_str());
  std::printf("published    %s\n", (loaded->settings.tls.publish_dir / "ca.crt").c_str());
  std::printf("SHA-256      %s\n", ca->fingerprint().c_str());
  std::printf("expires      %s\n", rfc3339(ca->not_after()).c_str());
  const auto names = ca->names();
  if (names.empty()) std::printf("may sign for any name (it was not made by regpass)\n");
  for (std::size_t i = 0; i < names.size(); ++i)
    std::printf("%s%s\n", i == 0 ? "may sign for " : "             ", names[i].c_str());
  return exit_fine;
}

}  // namespace regpass::cli
