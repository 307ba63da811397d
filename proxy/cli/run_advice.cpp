#include "cli/run_advice.hpp"

#include "cli/command_line_scan.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

namespace regpass::cli {

namespace {

constexpr std::size_t most_hosts = 5;
constexpr std::size_t most_entries = 8;

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
  if (name == "finch") return "containerd and buildkitd in finch's virtual machine";
  if (name == "earthly") return "earthly's buildkitd";
  if (name == "dagger") return "dagger's engine";
  if (name == "pack" || name == "s2i" || name == "act" || name == "devcontainer") {
    const bool talks = holds(rest, {"build", "rebase", "create", "package", "up", "features"}) || name == "act";
    return talks ? "dockerd and the containers that it starts" : "";
  }
  if (name == "skaffold" || name == "tilt" || name == "depot") {
    const bool builds = holds(rest, {"build", "run", "dev", "debug", "up", "ci", "bake", "push", "pull"});
    return builds ? "its builder (dockerd, a BuildKit or a pod of the cluster)" : "";
  }
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

bool is_loopback(std::string_view authority) {
  const auto host = without_port(authority);
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

// "docker://localhost:5000/app" and "--registry=127.0.0.1:5000" name one; empty: no word does.
std::string loopback_registry_in(const std::vector<std::string>& command) {
  for (std::string_view word : command) {
    if (const auto scheme = word.find("://"); scheme != std::string_view::npos) {
      word.remove_prefix(scheme + 3);
    } else if (const auto equals = word.find('='); equals != std::string_view::npos) {
      word.remove_prefix(equals + 1);
    }
    const auto authority = word.substr(0, word.find('/'));
    if (is_loopback(authority)) return std::string(authority);
  }
  return {};
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
  std::string name;
  std::string_view daemon;
  for (const auto& line : commands_run_by(command)) {
    daemon = daemon_of(line, environment);
    name = base_name(line.front());
    if (!daemon.empty()) break;
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

advice advise_on_silence(const std::vector<std::string>& command) {
  const auto loopback = loopback_registry_in(command);
  if (!loopback.empty()) {
    return {fmt::format("no request of the command reached this sidecar: clients do not send {}, which is on loopback, "
                        "through a proxy",
                        clean(loopback, 80)),
            "log in to it with the client itself, or use a name of the registry that is not on loopback"};
  }
  return {
      "no request of the command reached this sidecar: clients send neither registries on loopback (localhost, "
      "127.0.0.1) nor those in NO_PROXY through a proxy, and daemons have an environment of their own",
      "if it uses a registry: name it by another name, take it out of NO_PROXY, or run `regpass serve` and start the "
      "daemon with its proxy variables (deploy/README.md)"};
}

}  // namespace regpass::cli
