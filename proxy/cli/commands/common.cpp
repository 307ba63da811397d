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
  config::inputs made;
  made.purpose = purpose;
  if (!common.config_file.empty()) made.file = common.config_file;
  for (const auto& one : common.sets) {
    const auto equals = one.find('=');
    made.sets.emplace_back(one.substr(0, equals), equals == std::string::npos ? std::string() : one.substr(equals + 1));
  }
  made.environment = config::process_environment();
  return made;
}

std::optional<config::loaded> load_or_complain(const common_options& common, config::purpose purpose) {
  auto made = config::load(inputs_of(common, purpose));
  if (made.problems.empty()) return made;
  for (const auto& one : made.problems) complain(one.what, one.fix);
  return std::nullopt;
}

bool colourful(const common_options& common, int descriptor) {
  if (common.colour != "auto") return common.colour == "always";
  const char* off = std::getenv("NO_COLOR");
  return (off == nullptr || *off == '\0') && ::isatty(descriptor) == 1;
}

}  // namespace regpass::cli
