#include "usage.hpp"

#include "regpass/base/text.hpp"

#include <CLI/CLI.hpp>

namespace regpass::app {

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
    if (option_of(*one, word) != nullptr) made.fix = "write it behind the command: " + path_of(*one) + " " + name;
  }
  const auto names = option_names(command);
  if (const auto meant = nearest(name, names)) made.fix = "did you mean " + std::string(*meant) + "?";
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
    if (commands_of(*command).empty()) return std::nullopt;  // an argument, behind which may be another program's words
    const auto* next = named(*command, word);
    if (next == nullptr) return unknown_command(*command, word);
    command = next;
  }
  return std::nullopt;
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

}  // namespace regpass::app
