#include "commands.hpp"
#include "regpass/config/schema.hpp"

#include <cstdio>

namespace regpass::app {

int config_check(const common_options& common) {
  const auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return exit_usage;
  std::printf("%s is valid\n", loaded->file.empty() ? "the default configuration" : loaded->file.c_str());
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

}  // namespace regpass::app
