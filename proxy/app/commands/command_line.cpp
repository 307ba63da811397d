#include "commands.hpp"

#include <CLI/CLI.hpp>

namespace regpass::app {

namespace {

void add_common(CLI::App& command, common_options& common) {
  command.add_option("--config", common.config_file,
                     "Configuration file (default: $REGPASS_CONFIG, /etc/regpass/regpass.toml)");
  command.add_option("--set", common.sets, "Set one key, for example --set log.level=debug")->type_name("KEY=VALUE");
  command.add_option("--color", common.colour, "Colour in output for people")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_explain(CLI::App& program, common_options& common, explain_options& options, int& code) {
  auto* explaining = program.add_subcommand("explain", "Explain the failures in a log again, or tell of one cause");
  add_common(*explaining, common);
  explaining->add_option("WHAT", options.what,
                         "A log file, - for standard input, or the name of a cause (default: ask the running sidecar)");
  explaining->add_option("--last", options.last, "The last N failures only")->type_name("N");
  explaining->add_flag("--json", options.json, "For programs");
  explaining->add_option("--har", options.har_file, "Write the log's exchanges to FILE as an HTTP Archive 1.2")
      ->type_name("FILE");
  explaining->add_flag("--list", options.list, "Name all causes");
  explaining->add_flag("--index", options.index, "All causes as Markdown");
  explaining->callback([&] { code = explain_failures(common, options); });
}

void add_check(CLI::App& program, common_options& common, check_options& checking, int& code) {
  auto* checker = program.add_subcommand("check", "Walk the whole handshake for an image now, step by step");
  add_common(*checker, common);
  checker->add_option("REFERENCE", checking.reference, "An image, for example harbor.example.com/team-a/app:1")
      ->required();
  checker->add_flag("--push", checking.push, "Check pushing too: an upload is opened and cancelled");
  checker->add_flag("--delete", checking.remove, "Check deleting too: of a random digest, so that nothing is deleted");
  checker
      ->add_option("--mount-from", checking.mount_from,
                   "Check mounting a blob of this repository, too: a small one is mounted, or an upload cancelled")
      ->type_name("REPO[:TAG]");
  checker->add_flag("--json", checking.json, "For programs");
  checker->callback([&] { code = check(common, checking); });
}

void add_redirect(CLI::App& program, common_options& common, redirect_options& options, int& code) {
  auto* redirect =
      program.add_subcommand("redirect", "The nftables rules of transparent mode, in this network namespace");
  redirect->require_subcommand(1);
  auto* apply = redirect->add_subcommand("apply", "Redirect connections to the transparent listener; twice is once");
  add_common(*apply, common);
  apply->add_option("--port", options.ports, "Ports that are redirected (default: 443,80)")->delimiter(',');
  apply->add_option("--to", options.to, "Port of the transparent listener (default: that of listen.transparent)");
  apply->add_option("--uid", options.uid, "User that regpass runs as, who is not redirected (default: this one)");
  apply->add_option("--except-cidr", options.except_networks, "Networks that are not redirected")->delimiter(',');
  apply->add_option("--except-port", options.except_ports, "Ports that are not redirected")->delimiter(',');
  apply->callback([&] { code = redirect_apply(common, options); });
  redirect->add_subcommand("remove", "Remove the rules")->callback([&] { code = redirect_remove(); });
  redirect->add_subcommand("show", "Print the rules, or that there are none")->callback([&] {
    code = redirect_show();
  });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App program{"Gives container builds their registry logins, and says why when one is refused.", "regpass"};
  program.require_subcommand(1);
  common_options common;
  check_options checking;
  run_options running;
  int code = exit_fine;

  auto* serving = program.add_subcommand("serve", "Run the sidecar in the foreground");
  add_common(*serving, common);
  serving->callback([&] { code = serve(common); });

  auto* wrapping = program.add_subcommand("run", "Run COMMAND with a private sidecar and explain what failed");
  add_common(*wrapping, common);
  wrapping->add_option("--log", running.log_file, "Where the sidecar's log goes (default: run.log in state_dir)");
  wrapping->add_flag("--page", running.page, "Open the page that shows what happens, as long as COMMAND runs");
  wrapping->add_option("COMMAND", running.command, "The command and its arguments")->required();
  wrapping->positionals_at_end();
  wrapping->callback([&] { code = run(common, running); });

  add_check(program, common, checking, code);

  explain_options explaining;
  add_explain(program, common, explaining, code);

  auto* config = program.add_subcommand("config", "Validate or show the configuration");
  config->require_subcommand(1);
  auto* validate = config->add_subcommand("check", "Say what is wrong with the configuration");
  add_common(*validate, common);
  validate->callback([&] { code = config_check(common); });
  auto* show = config->add_subcommand("show", "Print the effective configuration and where each value comes from");
  add_common(*show, common);
  show->callback([&] { code = config_show(common); });
  config->add_subcommand("schema", "Print the JSON Schema of the configuration file")->callback([&] {
    code = config_schema();
  });

  auto* ca = program.add_subcommand("ca", "The CA that clients must trust");
  ca->require_subcommand(1);
  auto* ca_shower = ca->add_subcommand("show", "Path, fingerprint, names and expiry");
  add_common(*ca_shower, common);
  ca_shower->callback([&] { code = ca_show(common); });

  redirect_options redirecting;
  add_redirect(program, common, redirecting, code);

  health_options asking;
  std::uint32_t patience = 0;
  auto* health = program.add_subcommand("healthcheck", "Ask the running sidecar, for probes in images without a shell");
  add_common(*health, common);
  health->add_option("WHICH", asking.which, "live or ready")->check(CLI::IsMember({"live", "ready"}));
  health->add_option("--wait", patience, "Ask until it is so, at most for this many seconds (default: ask once)");
  health->callback([&] {
    asking.patience = std::chrono::seconds(patience);
    code = healthcheck(common, asking);
  });

  program.add_subcommand("version", "Version, commit, compiler and libraries")->callback([&] { code = version(); });

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& bad) {
    return program.exit(bad) == 0 ? exit_fine : exit_usage;
  }
  return code;
}

}  // namespace regpass::app
