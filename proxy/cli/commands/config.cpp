#include "cli/commands/commands.hpp"
#include "config/keys/schema.hpp"
#include "daemon/configuration/named_files.hpp"

#include <cstdio>

namespace regpass::cli {

int config_check(const common_options& common, const config_check_options& options) {
  auto inputs = inputs_of(common, config::purpose::serve);
  inputs.judges_files = !options.without_files;
  const auto loaded = config::load(inputs);
  for (const auto& warning : loaded.warnings) complain("warning: " + warning.what, warning.fix);
  for (const auto& one : loaded.problems) complain(one.what, one.fix);
  if (!loaded.problems.empty()) return exit_usage;
  daemon::named_files_verdict verdict;
  if (!options.without_files) verdict = daemon::judge_named_files(loaded.settings, inputs.environment);
  for (const auto& one : verdict.warnings) complain("warning: " + one.what, one.fix);
  for (const auto& one : verdict.problems) complain(one.what, one.fix);
  if (!verdict.problems.empty()) return exit_usage;
  std::printf("%s is valid\n", loaded.file.empty() ? "the default configuration" : loaded.file.c_str());
  if (!options.without_files) std::printf("credentials: %s\n", verdict.credentials.c_str());
  return exit_fine;
}

int config_show(const common_options& common) {
  const auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return exit_usage;
  std::fputs(config::show(*loaded).c_str(), stdout);
  return exit_fine;
}

int config_schema() {
  std::printf("%s\n", config::json_schema().c_str());
  return exit_fine;
}

}  // namespace regpass::cli
