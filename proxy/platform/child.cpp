#include "platform/child.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>
#include <optional>

namespace regpass::platform {

result<pid_t> start_child(const std::vector<std::string>& command,
                          const std::map<std::string, std::string>& environment) {
  std::vector<std::string> pairs;
  pairs.reserve(environment.size());
  for (const auto& [name, value] : environment) pairs.push_back(fmt::format("{}={}", name, value));
  std::vector<char*> variables;
  variables.reserve(pairs.size() + 1);
  for (auto& pair : pairs) variables.push_back(pair.data());
  variables.push_back(nullptr);
  auto words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  // The child starts with the signals that a shell would give it, not with our SIGPIPE setting.
  posix_spawnattr_t how;
  ::posix_spawnattr_init(&how);
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&how, &defaults);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments.front(), nullptr, &how, arguments.data(), variables.data());
  ::posix_spawnattr_destroy(&how);
  if (failed != 0) {
    return fail(failed == ENOENT ? errc::not_found : errc::io, command.front() + ": " + std::strerror(failed));
  }
  return child;
}

std::optional<int> exit_code_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, WNOHANG) != child) return std::nullopt;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace regpass::platform
