#include "cli/commands/commands.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace regpass::cli {

void complain(const std::string& what, const std::string& fix) {
  std::fprintf(stderr, "regpass: %s\n", what.c_str());
  if (!fix.empty()) std::fprintf(stderr, "         %s\n", fix.c_str());
}

config::inputs inputs_of(const common_options& common, config::purpose purpose) {
  config::inputs inputs;
  inputs.purpose = purpose;
  if (!common.config_file.empty()) inputs.file = common.config_file;
  for (const auto& set : common.sets) {
    const auto equals = set.find('=');
    inputs.sets.emplace_back(set.substr(0, equals),
                             equals == std::string::npos ? std::string() : set.substr(equals + 1));
  }
  inputs.environment = config::process_environment();
  return inputs;
}

std::optional<config::loaded> load_or_complain(const common_options& common, config::purpose purpose) {
  auto loaded = config::load(inputs_of(common, purpose));
  for (const auto& warning : loaded.warnings) complain("warning: " + warning.what, warning.fix);
  if (loaded.problems.empty()) return loaded;
  for (const auto& problem : loaded.problems) complain(problem.what, problem.fix);
  return std::nullopt;
}

bool colourful(const common_options& common, int descriptor) {
  if (common.colour != "auto") return common.colour == "always";
  const char* off = std::getenv("NO_COLOR");
  return (off == nullptr || *off == '\0') && ::isatty(descriptor) == 1;
}

}  // namespace regpass::cli
