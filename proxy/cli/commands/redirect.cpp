#include "cli/commands/commands.hpp"
#include "platform/nftables.hpp"
#include "platform/redirect_rules.hpp"
#include "regpass/net/listener.hpp"

#include <unistd.h>

#include <cstdio>

namespace regpass::cli {

namespace {

int failed(const error& problem) {
  const auto trouble = platform::explain_nft(problem.detail);
  complain(trouble.what, trouble.fix);
  return exit_failed;
}

// --to, else the port of the configured listener; 0 and a complaint when there is neither.
std::uint16_t port_for(const common_options& common, const redirect_options& options) {
  if (options.to) return *options.to;
  const auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return 0;
  const auto at = net::parse_endpoint(loaded->settings.listen.transparent);
  if (at && at->port() != 0) return at->port();
  complain("no listener for redirected connections is configured",
           "set listen.transparent = \"127.0.0.1:13128\", or say --to PORT");
  return 0;
}

}  // namespace

int redirect_apply(const common_options& common, const redirect_options& options) {
  platform::redirect_plan plan;
  plan.to = port_for(common, options);
  if (plan.to == 0) return exit_failed;
  plan.uid = options.uid.value_or(::geteuid());
  if (!options.ports.empty()) plan.ports = options.ports;
  plan.except_networks = options.except_networks;
  plan.except_ports = options.except_ports;
  const auto rules = apply_rules(plan);
  if (!rules) {
    complain(rules.error().detail, "give --except-cidr a network");
    return exit_failed;
  }
  if (const auto done = platform::run_nft(*rules); !done) return failed(done.error());
  std::printf("connections are redirected to port %u, except those of uid %u\n", static_cast<unsigned>(plan.to),
              static_cast<unsigned>(plan.uid));
  if (!options.uid && plan.uid == 0) std::printf("root's are not: if regpass runs as another user, say --uid\n");
  return exit_fine;
}

int redirect_remove() {
  if (const auto done = platform::run_nft(platform::remove_rules()); !done) return failed(done.error());
  std::printf("nothing is redirected\n");
  return exit_fine;
}

int redirect_show() {
  const auto listed = platform::run_nft(platform::list_rules());
  if (!listed && platform::says_no_table(listed.error().detail)) {
    std::printf("nothing is redirected: there is no table inet regpass\n");
    return exit_fine;
  }
  if (!listed) return failed(listed.error());
  std::fputs(listed->c_str(), stdout);
  return exit_fine;
}

}  // namespace regpass::cli
