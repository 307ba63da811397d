#include "cli/commands/commands.hpp"
#include "cli/commands/usage.hpp"
#include "regpass/base/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>

namespace regpass::cli {

namespace {

std::string flaw_of_set(const std::string& text) {
  return text.find('=') == std::string::npos ? "expected KEY=VALUE, for example log.level=debug" : "";
}

// The page's paths are /livez and /readyz.
std::string flaw_of_health(const std::string& text) {
  const std::vector<std::string> names{"live", "ready"};
  if (std::ranges::find(names, text) != names.end()) return {};
  const auto meant = nearest(text, names);
  return "expected live or ready, got " + clean(text, 40) +
         (meant ? "; did you mean " + std::string(*meant) + "?" : "");
}

void add_common(CLI::App& command, common_options& common) {
  command.add_option("--config", common.config_file,
                     "Configuration file (default: $REGPASS_CONFIG, /etc/regpass/regpass.toml)");
  // Each --set takes one value: what follows is an argument of the command.
  command
      .add_option("--set", common.sets,
                  "Set one key, for example --set log.level=debug; a list is written as in the file, --set "
                  "'credentials.docker_config=[\"/a.json\", \"/b.json\"]', or with commas between its elements")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->check(CLI::Validator([](const std::string& text) { return flaw_of_set(text); }, "", "KEY=VALUE"));
  command.add_option("--color", common.colour, "Whether to colour the output")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_explain(CLI::App& program, common_options& common, explain_options& options, int& code) {
  auto* explaining = program.add_subcommand("explain", "Explain the failures in a log, or describe one cause");
  add_common(*explaining, common);
  explaining->add_option("WHAT", options.what,
                         "A log file, - for standard input, or the name of a cause (default: ask the running sidecar)");
  explaining->add_option("--last", options.last, "Only the last N failures")->type_name("N");
  explaining->add_flag("--json", options.json, "Print JSON");
  explaining->add_option("--har", options.har_file, "Write the log's exchanges to FILE as an HTTP Archive 1.2")
      ->type_name("FILE");
  explaining->add_flag("--list", options.list, "List all causes");
  explaining->add_flag("--index", options.index, "Print all causes as Markdown");
  explaining->callback([&] { code = explain_failures(common, options); });
}

void add_check(CLI::App& program, common_options& common, check_options& checking, int& code) {
  auto* checker = program.add_subcommand("check", "Perform the whole handshake for an image now, step by step");
  add_common(*checker, common);
  checker
      ->add_option("REFERENCE", checking.reference,
                   "An image, for example harbor.example.com/team-a/app:1, or a registry's host")
      ->required();
  checker->add_flag("--push", checking.push, "Also check pushing: opens an upload and cancels it");
  checker->add_flag("--delete", checking.remove,
                    "Also check deleting, with a random digest so that nothing is deleted");
  checker
      ->add_option("--mount-from", checking.mount_from,
                   "Also check mounting a blob from this repository: mounts a small one, or cancels an upload")
      ->type_name("REPO[:TAG]");
  checker->add_flag("--json", checking.json, "Print JSON");
  checker->callback([&] { code = check(common, checking); });
}

void add_redirect(CLI::App& program, common_options& common, redirect_options& options, int& code) {
  auto* redirect =
      program.add_subcommand("redirect", "The nftables rules of transparent mode, in this network namespace");
  redirect->require_subcommand(1);
  auto* apply = redirect->add_subcommand("apply", "Redirect connections to the transparent listener (idempotent)");
  add_common(*apply, common);
  apply->add_option("--port", options.ports, "Ports to redirect (default: 443,80)")->delimiter(',');
  apply->add_option("--to", options.to, "Port of the transparent listener (default: that of listen.transparent)");
  apply->add_option("--uid", options.uid,
                    "User that regpass runs as, whose connections are not redirected (default: the current one)");
  apply->add_option("--except-cidr", options.except_networks, "Networks that are not redirected")->delimiter(',');
  apply->add_option("--except-port", options.except_ports, "Ports that are not redirected")->delimiter(',');
  apply->callback([&] { code = redirect_apply(common, options); });
  redirect->add_subcommand("remove", "Remove the rules")->callback([&] { code = redirect_remove(); });
  redirect->add_subcommand("show", "Print the rules, if there are any")->callback([&] { code = redirect_show(); });
}

void add_config(CLI::App& program, common_options& common, config_check_options& checking, int& code) {
  auto* config = program.add_subcommand("config", "Validate or show the configuration");
  config->require_subcommand(1);
  auto* validate = config->add_subcommand("check", "Validate the configuration and the files it names");
  add_common(*validate, common);
  validate->add_flag("--without-files", checking.without_files, "Only check the text, for example on another machine");
  validate->callback([&] { code = config_check(common, checking); });
  auto* show = config->add_subcommand("show", "Print the effective configuration and where each value comes from");
  add_common(*show, common);
  show->callback([&] { code = config_show(common); });
  config->add_subcommand("schema", "Print the JSON Schema of the configuration file")->callback([&] {
    code = config_schema();
  });
}

int help_on(const CLI::App& program, const std::vector<std::string>& words) {
  usage_problem problem;
  const auto* command = find_command(program, words, problem);
  if (command == nullptr) {
    complain(problem.what, problem.fix);
    return exit_usage;
  }
  std::fputs(help_text(*command).c_str(), stdout);
  return exit_fine;
}

int explain_usage(const CLI::App& program, const CLI::ParseError& bad, const std::vector<std::string>& words) {
  if (const auto* group = group_alone(program, words)) {
    std::fputs(help_text(*group).c_str(), stderr);
    return exit_usage;
  }
  const auto unknown = unknown_word(program, words);
  if (!unknown) return program.exit(bad) == 0 ? exit_fine : exit_usage;
  complain(unknown->what, unknown->fix);
  return exit_usage;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App program{"Gives container builds their registry logins, and explains why one is refused.", "regpass"};
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
  wrapping->add_flag("--page", running.page, "Serve the web page that shows exchanges while COMMAND runs");
  wrapping->add_option("COMMAND", running.command, "The command and its arguments")->required();
  wrapping->positionals_at_end();
  wrapping->callback([&] { code = run(common, running); });

  add_check(program, common, checking, code);

  explain_options explaining;
  add_explain(program, common, explaining, code);

  config_check_options judging;
  add_config(program, common, judging, code);

  auto* ca = program.add_subcommand("ca", "The CA that clients must trust");
  ca->require_subcommand(1);
  auto* ca_shower = ca->add_subcommand("show", "Path, fingerprint, names and expiry");
  add_common(*ca_shower, common);
  ca_shower->callback([&] { code = ca_show(common); });

  redirect_options redirecting;
  add_redirect(program, common, redirecting, code);

  health_options asking;
  std::uint32_t patience = 0;
  auto* health =
      program.add_subcommand("healthcheck", "Query the running sidecar, for probes in images without a shell");
  add_common(*health, common);
  health->add_option("WHICH", asking.which, "live or ready")
      ->check(CLI::Validator([](const std::string& text) { return flaw_of_health(text); }, "{live,ready}"));
  health->add_option("--wait", patience, "Retry for at most this many seconds (default: try once)");
  health->callback([&] {
    asking.patience = std::chrono::seconds(patience);
    code = healthcheck(common, asking);
  });

  program.add_subcommand("version", "Version, commit, compiler and libraries")->callback([&] { code = version(); });
  program.set_version_flag("-V,--version", version_text, "Version, commit, compiler and libraries");

  std::vector<std::string> topic;
  auto* help = program.add_subcommand("help", "Explain a command");
  help->add_option("COMMAND", topic, "The command, for example config check (default: all of them)");
  help->callback([&] { code = help_on(program, topic); });

  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return program.exit(done);
  } catch (const CLI::ParseError& bad) {
    return explain_usage(program, bad, {argv + std::min(argc, 1), argv + argc});
  }
  return code;
}

}  // namespace regpass::cli
