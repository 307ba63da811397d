#include "auth/docker_config.hpp"

#include "auth/docker_entry.hpp"
#include "auth/json_text.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/text_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::auth {
namespace {

namespace json = boost::json;

// Line and column as editors count them, columns in bytes.
std::string place(const std::string& source, std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column = start == std::string_view::npos ? before.size() + 1 : before.size() - start;
  return fmt::format("{}:{}:{}", source, line, column);
}

// JSON allows a line break between values, so one that is an error stands inside a string: a secret that was wrapped.
std::string cause(std::string_view text, const json_problem& problem) {
  const bool wrapped = problem.at < text.size() && (text[problem.at] == '\n' || text[problem.at] == '\r');
  return wrapped ? "line break inside a string (was the secret wrapped? base64 -w0 does not)" : problem.what;
}

std::unexpected<error> not_json(const std::string& source, std::string_view text, const json_problem& problem) {
  return fail(errc::bad_input, fmt::format("{}: no JSON: {}", place(source, text, problem.at), cause(text, problem)));
}

// Boost.JSON keeps no positions; the member's name is found again in the text.
std::unexpected<error> no_object(const std::string& source, std::string_view text, std::string_view name) {
  const auto found = text.find(fmt::format("\"{}\"", name));
  const auto where = found == std::string_view::npos ? source : place(source, text, found);
  return fail(errc::bad_input, fmt::format("{}: \"{}\" is no JSON object", where, name));
}

void read_entries(docker_config& config, const json::object& entries, const std::string& source) {
  for (const auto& [key, value] : entries) config.entries.push_back(read_docker_entry(key, value, source));
}

// The legacy form has the hosts at the top, among them nothing else (kubernetes.io/dockercfg).
void read_dockercfg(docker_config& config, const json::object& root, const std::string& source) {
  for (const auto& [key, value] : root) {
    if (looks_like_docker_entry(value)) config.entries.push_back(read_docker_entry(key, value, source));
  }
  config.legacy = !config.entries.empty();
}

// What docker-credential-helpers' programs are called; anything else could lead out of PATH.
bool is_helper_suffix(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
                              std::string_view::npos;
}

void give_program(credential_entry& entry, std::string_view suffix) {
  if (!is_helper_suffix(suffix)) {
    entry.problem = fmt::format("\"{}\" is no name of a credential helper", clean(suffix, 64));
    return;
  }
  auto made = std::make_shared<credential_program>();
  made->command.push_back("docker-credential-" + std::string(suffix));
  entry.program = std::move(made);
}

void add_unusable(docker_config& config, const std::string& source, std::string_view key, std::string problem) {
  credential_entry entry;
  entry.source = source;
  entry.key = key;
  entry.problem = std::move(problem);
  config.helpers.push_back(std::move(entry));
}

// As docker/cli: the host's own helper, then the one for all.
void read_helpers(docker_config& config, const json::object& root, const std::string& source) {
  const auto* named = root.if_contains("credHelpers");
  if (named != nullptr && !named->is_object() && !named->is_null()) {
    add_unusable(config, source, "credHelpers", "credHelpers is no JSON object");
  } else if (named != nullptr && named->is_object()) {
    for (const auto& [host, program] : named->get_object()) {
      auto entry = docker_entry_for(host, source);
      if (!entry.host_pattern.empty()) {
        entry.host_pattern.clear();
        entry.problem =
            "the key names no registry: credHelpers has no wildcards, neither for docker nor for the kubelet";
      }
      if (entry.problem.empty()) give_program(entry, program.is_string() ? program.get_string() : "");
      config.helpers.push_back(std::move(entry));
    }
  }
  const auto* general = root.if_contains("credsStore");
  if (general != nullptr && !general->is_string() && !general->is_null()) {
    add_unusable(config, source, "credsStore", "credsStore is no string");
  }
  const auto store = string_member(root, "credsStore");
  if (store.empty()) return;
  credential_entry entry;
  entry.source = source;
  entry.key = "credsStore";
  give_program(entry, store);
  config.helpers.push_back(std::move(entry));
}

}  // namespace

result<docker_config> parse_docker_config(std::string_view bytes, const std::string& source) {
  const auto decoded = decode_text(bytes, source);
  if (!decoded) return std::unexpected(decoded.error());
  const auto text = *decoded;
  if (text.empty()) return fail(errc::bad_input, fmt::format("{}: the file is empty", source));
  if (trim(text).empty()) return fail(errc::bad_input, fmt::format("{}: the file holds nothing but blanks", source));
  const auto parsed = parse_json(text);
  if (!parsed) return not_json(source, text, parsed.error());
  const auto* root = parsed->if_object();
  if (root == nullptr) {
    const auto start = text.find_first_not_of(" \t\r\n");
    return fail(errc::bad_input, fmt::format("{}: no JSON object", place(source, text, start)));
  }
  docker_config config;
  const auto* auths = root->if_contains("auths");
  if (auths == nullptr) {
    read_dockercfg(config, *root, source);
  } else if (auths->is_object()) {
    read_entries(config, auths->get_object(), source);
  } else if (!auths->is_null()) {
    return no_object(source, text, "auths");
  }
  read_helpers(config, *root, source);
  return config;
}

}  // namespace regpass::auth
