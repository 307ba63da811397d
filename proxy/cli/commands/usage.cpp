#include "cli/commands/usage.hpp"

#include "regpass/base/text.hpp"

#include <CLI/CLI.hpp>

namespace regpass::cli {

namespace {

constexpr std::size_t longest_word = 120;

// "regpass config check"
std::string path_of(const CLI::App& command) {
  const auto* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : path_of(*parent) + " " + command.get_name();
}

std::vector<const CLI::App*> commands_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App* named(const CLI::App& command, const std::string& word) {
  for (const auto* one : commands_of(command)) {
    if (one->get_name() == word) return one;
  }
  return nullptr;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* one : command.get_options()) {
    for (const auto& name : one->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

const CLI::Option* option_of(const CLI::App& command, const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  for (const auto* one : command.get_options()) {
    if (one->nonpositional() && one->check_name(name)) return one;
  }
  return nullptr;
}

usage_problem unknown_command(const CLI::App& command, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* one : commands_of(command)) names.push_back(one->get_name());
  const auto meant = nearest(word, names);
  const auto path = path_of(command);
  return {"there is no command `" + path + " " + clean(word, longest_word) + "`",
          meant ? "did you mean: " + path + " " + std::string(*meant) : path + " --help names the commands"};
}

usage_problem unknown_option(const CLI::App& command, const std::string& word) {
  const auto path = path_of(command);
  const auto name = word.substr(0, word.find('='));
  usage_problem made{"`" + path + "` has no option " + clean(name, longest_word), path + " --help names the options"};
  for (const auto* one : commands_of(command)) {
    if (option_of(*one, word) != nullptr) made.fix = "write it after the command: " + path_of(*one) + " " + name;
  }
  const auto names = option_names(command);
  if (const auto meant = nearest(name, names)) made.fix = "did you mean " + std::string(*meant) + "?";
  return made;
}

bool takes_arguments(const CLI::App& command) {
  return !command.get_options([](const CLI::Option* one) { return one->get_positional(); }).empty();
}

// An argument of a command without arguments: most likely the value of one of its options.
usage_problem surplus_argument(const CLI::App& command, const std::string& word) {
  const auto path = path_of(command);
  usage_problem made{"`" + path + "` takes no argument, but there is " + clean(word, longest_word),
                     path + " --help names the options"};
  const auto shown = clean(word, longest_word);
  const bool is_file = word.find('/') != std::string::npos || word.ends_with(".toml");
  const bool is_key = word.find_first_of("./") != std::string::npos;
  if (option_of(command, "--config") == nullptr) return made;
  if (is_file) {
    made.fix = "pass the configuration file with an option: " + path + " --config " + shown;
  } else if (word.find('=') != std::string::npos) {
    made.fix = "set a key with an option: " + path + " --set " + shown;
  } else if (is_key && command.get_name() == "show") {
    made.fix = "it prints all keys: " + path + " | grep " + clean(word.substr(word.rfind('.') + 1), longest_word);
  }
  return made;
}

}  // namespace

std::optional<usage_problem> unknown_word(const CLI::App& program, const std::vector<std::string>& words) {
  const auto* command = &program;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--") return std::nullopt;
    if (word.starts_with('-') && word != "-") {
      const auto* option = option_of(*command, word);
      if (option == nullptr) return unknown_option(*command, word);
      if (option->get_items_expected_min() > 0 && word.find('=') == std::string::npos) ++i;
      continue;
    }
    if (command->get_positionals_at_end()) return std::nullopt;  // the rest belongs to another program
    if (commands_of(*command).empty()) {
      if (!takes_arguments(*command)) return surplus_argument(*command, word);
      continue;
    }
    const auto* next = named(*command, word);
    if (next == nullptr) return unknown_command(*command, word);
    command = next;
  }
  return std::nullopt;
}

const CLI::App* group_alone(const CLI::App& program, const std::vector<std::string>& words) {
  const auto* command = &program;
  for (const auto& word : words) {
    command = named(*command, word);
    if (command == nullptr) return nullptr;
  }
  return commands_of(*command).empty() ? nullptr : command;
}

// App::help would print the help of the command that was typed.
std::string help_text(const CLI::App& command) {
  return command.get_formatter()->make_help(&command, path_of(command), CLI::AppFormatMode::Normal);
}

const CLI::App* find_command(const CLI::App& program, const std::vector<std::string>& words, usage_problem& problem) {
  const auto* command = &program;
  for (const auto& word : words) {
    const auto* next = named(*command, word);
    if (next == nullptr) {
      problem = unknown_command(*command, word);
      return nullptr;
    }
    command = next;
  }
  return command;
}

}  // namespace regpass::cli
