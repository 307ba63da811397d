#include "run_advice.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace regpass::app {

namespace {

using words = std::span<const std::string>;

constexpr std::size_t most_hosts = 5;
constexpr std::size_t most_entries = 8;

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 && word.find('/') > equals;
}

// Programs that run the rest of the line.
bool is_wrapper(std::string_view name) {
  constexpr auto wrappers =
      std::to_array<std::string_view>({"sudo", "doas", "env", "time", "nice", "nohup", "exec", "stdbuf", "timeout"});
  return std::ranges::find(wrappers, name) != wrappers.end();
}

// Options and durations that belong to a wrapper.
bool is_of_wrapper(std::string_view word) {
  const bool number = !word.empty() && word.front() >= '0' && word.front() <= '9';
  return word.starts_with('-') || is_assignment(word) || number;
}

words unwrapped(words line) {
  for (bool wrapped = true; wrapped && !line.empty();) {
    wrapped = is_assignment(line.front()) || is_wrapper(base_name(line.front()));
    if (!wrapped) break;
    line = line.subspan(1);
    while (!line.empty() && is_of_wrapper(line.front())) line = line.subspan(1);
  }
  return line;
}

// A shell's `-c`: the words of its script, as far as blanks tell them apart.
std::vector<std::string> script_of(words line) {
  constexpr auto shells = std::to_array<std::string_view>({"sh", "bash", "dash", "ash", "zsh"});
  if (line.empty() || std::ranges::find(shells, base_name(line.front())) == shells.end()) return {};
  const auto option = std::ranges::find_if(
      line, [](const auto& one) { return one.size() > 1 && one.front() == '-' && one[1] != '-' && one.back() == 'c'; });
  if (option == line.end() || std::next(option) == line.end()) return {};
  std::vector<std::string> made;
  std::string word;
  for (const char c : *std::next(option) + " ") {
    const bool ends = c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|';
    if (!ends) word += c;
    if (ends && !word.empty()) made.push_back(std::exchange(word, {}));
  }
  return made;
}

bool holds(words line, std::initializer_list<std::string_view> any_of) {
  return std::ranges::any_of(
      line, [&](const std::string& word) { return std::ranges::find(any_of, std::string_view(word)) != any_of.end(); });
}

bool has_option(words line, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(line, [&](const std::string& word) {
    return std::ranges::any_of(names,
                               [&](auto name) { return word == name || word.starts_with(std::string(name) + "="); });
  });
}

// Which daemon talks to registries for this line; empty: the command does so itself, or nobody does.
std::string_view daemon_of(words line, const std::map<std::string, std::string>& environment) {
  if (line.empty()) return {};
  const auto name = base_name(line.front());
  const auto rest = line.subspan(1);
  if (name == "docker") {
    if (holds(rest, {"imagetools"})) return {};
    const bool talks = holds(rest, {"pull", "push", "build", "buildx", "bake", "run", "create", "compose", "login",
                                    "search", "plugin", "service", "stack", "up"});
    return talks ? "dockerd" : "";
  }
  if (name == "docker-compose" || name == "docker-buildx") return "dockerd";
  if (name == "buildctl") return "buildkitd";
  if (name == "nerdctl") return "containerd or buildkitd";
  if (name == "crictl") return "the container runtime";
  if (name == "podman-remote") return "the podman service";
  if (name == "podman") {
    const bool remote = has_option(rest, {"--remote", "-r", "--url", "--connection", "-c"}) ||
                        environment.contains("CONTAINER_HOST") || environment.contains("CONTAINER_CONNECTION");
    return remote ? "the podman service" : "";
  }
  const bool transfers = name == "ctr" && holds(rest, {"pull", "push"}) && !holds(rest, {"--local"});
  return transfers ? "containerd (from 2.0 on; `--local` lets ctr do it)" : "";
}

std::string_view without_port(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  return has_port ? authority.substr(0, colon) : authority;
}

bool is_named(const std::vector<std::string>& command, const std::string& host) {
  return std::ranges::any_of(command, [&](const auto& word) { return word.find(host) != std::string::npos; });
}

std::string entries_text(const std::vector<std::string>& entries) {
  if (entries.empty()) return "no credential was found for any registry";
  const auto shown = std::min(entries.size(), most_entries);
  const auto more = entries.size() > shown ? fmt::format(" and {} more", entries.size() - shown) : std::string();
  return fmt::format("there are entries for {}{}", fmt::join(words(entries).first(shown), ", "), more);
}

advice on_login(const std::string& host, bool named, const std::vector<std::string>& entries) {
  return {fmt::format("the command asked {} without a login: no credential is for {}; {}", host, host,
                      entries_text(entries)),
          fmt::format("{}docker login {}, or a [[registry]] with host = \"{}\" in regpass.toml",
                      named ? "" : "if it is the registry: ", host, host)};
}

}  // namespace

std::optional<advice> advise_on_daemon(const std::vector<std::string>& command,
                                       const std::map<std::string, std::string>& environment) {
  const auto line = unwrapped(command);
  const auto script = script_of(line);
  auto daemon = daemon_of(line, environment);
  auto name = line.empty() ? std::string_view() : base_name(line.front());
  // Any word of a script may begin a command.
  for (std::size_t i = 0; daemon.empty() && i < script.size(); ++i) {
    name = base_name(script[i]);
    daemon = daemon_of(words(script).subspan(i), environment);
  }
  if (daemon.empty()) return std::nullopt;
  return advice{
      fmt::format("`{}` leaves registries to {}, which has an environment of its own: its requests do not pass this "
                  "sidecar, and get no login from it",
                  clean(name, 40), daemon),
      "run `regpass serve` and start the daemon with its proxy variables (deploy/README.md), or use a client that goes "
      "to the registry itself, such as skopeo or buildah"};
}

std::vector<advice> advise_on_logins(const std::vector<std::string>& command, const unserved_hosts& seen) {
  std::vector<std::string> named;
  for (const auto& host : seen.hosts) {
    if (is_named(command, std::string(without_port(host)))) named.push_back(host);
  }
  std::vector<advice> all;
  for (const auto& host : named.empty() ? seen.hosts : named) {
    if (all.size() < most_hosts) all.push_back(on_login(host, !named.empty(), seen.entries));
  }
  return all;
}

}  // namespace regpass::app
