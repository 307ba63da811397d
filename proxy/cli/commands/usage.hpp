// What a person who typed a command line wrong most likely meant.
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

// The first word that no command or option has, with the nearest one that there is. None: the words are all known, and
// the parser's own message says what is wrong.
std::optional<usage_problem> unknown_word(const CLI::App& program, const std::vector<std::string>& words);

// The command that the words name if it has commands of its own and none of them is named; else null.
const CLI::App* group_alone(const CLI::App& program, const std::vector<std::string>& words);

// As its --help prints it.
std::string help_text(const CLI::App& command);

// The command that the words name, one below the other; null: see `problem`.
const CLI::App* find_command(const CLI::App& program, const std::vector<std::string>& words, usage_problem& problem);

}  // namespace regpass::cli
