// Suggests what was most likely meant by a mistyped command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace regpass::cli {

struct usage_problem {
  std::string what;
  std::string fix;
};

// The first word that is not a command or option, with the closest existing one. Empty if all words are known: the
// parser's own message then says what is wrong.
std::optional<usage_problem> unknown_word(const CLI::App& program, const std::vector<std::string>& words);

// The command that the words name if it has subcommands and none of them is named; otherwise null.
const CLI::App* group_alone(const CLI::App& program, const std::vector<std::string>& words);

// As its --help prints it.
std::string help_text(const CLI::App& command);

// The command at the path that the words form; null: see `problem`.
const CLI::App* find_command(const CLI::App& program, const std::vector<std::string>& words, usage_problem& problem);

}  // namespace regpass::cli
