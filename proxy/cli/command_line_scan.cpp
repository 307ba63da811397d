#include "cli/command_line_scan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace regpass::cli {

namespace {

using command_line = std::vector<std::string>;
using command_lines = std::vector<command_line>;

constexpr int deepest_script = 4;
constexpr std::size_t most_commands = 256;

// A program that runs the rest of its line.
struct wrapper {
  std::string_view name;
  std::string_view short_options;    // those with a value
  std::string_view long_options;     // those with a value, between blanks
  std::size_t operands = 0;          // before the command
  std::string_view subcommand = {};  // it is a wrapper only with this one
};

constexpr auto wrappers = std::to_array<wrapper>({
    {"aws-vault", "dt", " duration mfa-token region ", 1, "exec"},
    {"builtin", "", ""},
    {"busybox", "", ""},
    {"caffeinate", "tw", ""},
    {"chronic", "", ""},
    {"chroot", "", "", 1},
    {"chrt", "TPD", " sched-runtime sched-period sched-deadline ", 1},
    {"command", "", ""},
    {"direnv", "", "", 1, "exec"},
    {"doas", "Cu", ""},
    {"doppler", "cpt", " config project token ", 0, "run"},
    {"dumb-init", "r", ""},
    {"env", "uC", " unset chdir "},
    {"exec", "a", ""},
    {"fakeroot", "ibs", ""},
    {"flock", "wE", " timeout wait conflict-exit-code ", 1},
    {"gosu", "", "", 1},
    {"ionice", "cn", " class classdata "},
    {"k3s", "", ""},
    {"lima", "", ""},
    {"microk8s", "", ""},
    {"nice", "n", " adjustment "},
    {"nohup", "", ""},
    {"nsenter", "tSGW", " target setuid setgid "},
    {"numactl", "CNmip", " cpunodebind membind physcpubind interleave preferred "},
    {"op", "", " env-file account ", 0, "run"},
    {"retry", "dt", " delay times "},
    {"runuser", "ugG", " user group supp-group "},
    {"setpriv", "", " reuid regid groups "},
    {"setsid", "", ""},
    {"stdbuf", "ioe", " input output error "},
    {"strace", "aeEoOpPsSuX", " output user string-limit trace "},
    {"su-exec", "", "", 1},
    {"sudo", "CDghpRrTtUu", " chdir chroot close-from command-timeout group host other-user prompt role type user "},
    {"systemd-run", "HMptuE", " host machine property slice setenv uid gid unit working-directory description "},
    {"taskset", "", "", 1},
    {"time", "fo", " format output "},
    {"timeout", "ks", " kill-after signal ", 1},
    {"tini", "ep", ""},
    {"unshare", "SGRw", " setuid setgid root wd map-user map-group "},
    {"watch", "n", " interval "},
    {"xargs", "adEILnPs", " arg-file delimiter max-args max-chars max-lines max-procs "},
});

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 && word.find('/') > equals;
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

// Whether the option's value is the next word.
bool takes_next(const wrapper& how, std::string_view option) {
  if (option.starts_with("--")) {
    const auto padded = " " + std::string(option.substr(2)) + " ";
    return how.long_options.find(padded) != std::string_view::npos;
  }
  const auto valued = option.find_first_of(how.short_options, 1);
  return valued != std::string_view::npos && valued + 1 == option.size();
}

words without_first(words line, std::size_t count) {
  return line.subspan(std::min(count, line.size()));
}

words behind_wrapper(words line, const wrapper& how) {
  line = without_first(line, how.subcommand.empty() ? 1 : 2);
  while (!line.empty() && (is_option(line.front()) || is_assignment(line.front()))) {
    if (line.front() == "--") return without_first(line, 1 + how.operands);
    line = without_first(line, takes_next(how, line.front()) ? 2 : 1);
  }
  line = without_first(line, how.operands);
  return !line.empty() && line.front() == "--" ? without_first(line, 1) : line;
}

const wrapper* wrapper_of(words line) {
  const auto found = std::ranges::find(wrappers, base_name(line.front()), &wrapper::name);
  if (found == wrappers.end()) return nullptr;
  const bool is_one = found->subcommand.empty() || (line.size() > 1 && line[1] == found->subcommand);
  return is_one ? found : nullptr;
}

words unwrapped(words line) {
  while (!line.empty()) {
    if (is_assignment(line.front())) {
      line = without_first(line, 1);
      continue;
    }
    const auto* how = wrapper_of(line);
    if (how == nullptr) break;
    const bool only_looks = how->name == "command" && line.size() > 1 && (line[1] == "-v" || line[1] == "-V");
    if (only_looks) return {};
    line = behind_wrapper(line, *how);
  }
  return line;
}

// Words that a shell reads before a command.
bool is_keyword(std::string_view word) {
  constexpr auto keywords =
      std::to_array<std::string_view>({"if", "then", "elif", "else", "while", "until", "do", "!", "{", "}"});
  return std::ranges::find(keywords, word) != keywords.end();
}

// Splits a script into its simple commands. Expansions other than `$(...)` are left as they are.
class script_reader {
 public:
  command_lines read(std::string_view script) {
    for (std::size_t i = 0; i < script.size(); ++i) {
      const char c = script[i];
      if (in_single_ && c != '\'') {
        word_ += c;
      } else if (c == '\\' && i + 1 < script.size()) {
        ++i;
        if (script[i] != '\n') word_ += script[i];
      } else if (c == '\'' && !in_double_) {
        in_single_ = !in_single_;
      } else if (c == '"') {
        in_double_ = !in_double_;
      } else if (c == '(' && (!in_double_ || word_.ends_with('$'))) {
        open();
      } else if (c == ')' && !outer_.empty() && !in_double_) {
        close();
      } else if (in_double_) {
        word_ += c;
      } else {
        take_plain(c);
      }
    }
    end_command();
    return std::move(all_);
  }

 private:
  void open() {
    end_command();
    outer_.push_back(in_double_);
    in_double_ = false;
  }
  void close() {
    end_command();
    in_double_ = outer_.back();
    outer_.pop_back();
  }
  void take_plain(char c) {
    constexpr std::string_view blanks = " \t\r<>";
    constexpr std::string_view ends = "\n;&|`)";
    if (ends.find(c) != std::string_view::npos) {
      end_command();
    } else if (blanks.find(c) != std::string_view::npos) {
      end_word();
    } else {
      word_ += c;
    }
  }
  void end_word() {
    const bool starts_command = line_.empty() && is_keyword(word_);
    if (!word_.empty() && !starts_command) line_.push_back(word_);
    word_.clear();
  }
  void end_command() {
    end_word();
    if (!line_.empty() && all_.size() < most_commands) all_.push_back(line_);
    line_.clear();
  }

  command_lines all_;
  command_line line_;
  std::string word_;
  bool in_single_ = false;
  bool in_double_ = false;
  std::vector<bool> outer_;  // per open parenthesis: whether it is within double quotes
};

bool is_shell(std::string_view name) {
  constexpr auto shells = std::to_array<std::string_view>({"sh", "bash", "dash", "ash", "zsh", "ksh", "su"});
  return std::ranges::find(shells, name) != shells.end();
}

// The script of `sh -c SCRIPT` and `su -c SCRIPT USER`; null: there is none. `-c` may be among other letters.
const std::string* script_of(words line) {
  if (line.empty() || !is_shell(base_name(line.front()))) return nullptr;
  const auto option = std::ranges::find_if(line.subspan(1), [](const std::string& word) {
    const bool letters = is_option(word) && word[1] != '-';
    return word == "--command" || (letters && word.find('c') != std::string::npos);
  });
  const auto at = static_cast<std::size_t>(option - line.begin());
  for (std::size_t i = at + 1; i < line.size(); ++i) {
    if (!is_option(line[i])) return &line[i];
  }
  return nullptr;
}

// `env -S 'A=b docker push'`
const std::string* split_string_of(words line) {
  if (line.empty() || base_name(line.front()) != "env") return nullptr;
  const auto option = std::ranges::find_if(
      line, [](const std::string& word) { return word == "-S" || word == "-vS" || word == "--split-string"; });
  const bool has_value = option != line.end() && std::next(option) != line.end();
  return has_value ? &*std::next(option) : nullptr;
}

void collect(words line, int depth, command_lines& into) {
  if (const auto* text = split_string_of(line)) {
    if (depth >= deepest_script) return;
    for (const auto& one : script_reader().read(*text)) collect(one, depth + 1, into);
    return;
  }
  line = unwrapped(line);
  const auto* script = script_of(line);
  if (script == nullptr) {
    if (!line.empty() && into.size() < most_commands) into.emplace_back(line.begin(), line.end());
    return;
  }
  if (depth >= deepest_script) return;
  for (auto& one : script_reader().read(*script)) {
    // `sh -c '"$@"' sh COMMAND`
    const auto rest = line.subspan(static_cast<std::size_t>(script - line.data()) + 1);
    const auto parameters = std::ranges::find(one, "$@");
    if (parameters != one.end() && rest.size() > 1) {
      const auto at = one.erase(parameters);
      one.insert(at, rest.begin() + 1, rest.end());
    }
    collect(one, depth + 1, into);
  }
}

}  // namespace

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::vector<std::vector<std::string>> commands_run_by(words line) {
  command_lines all;
  collect(line, 0, all);
  return all;
}

}  // namespace regpass::cli
