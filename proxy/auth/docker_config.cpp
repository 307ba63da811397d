#include "regpass/auth/docker_config.hpp"

#include "auth/docker_entry.hpp"
#include "auth/json_text.hpp"
#include "regpass/base/text.hpp"

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
}

void read_helpers(docker_config& config, const json::object& root) {
  if (const auto store = string_member(root, "credsStore"); !store.empty()) config.helpers.emplace_back("", store);
  const auto* named = root.if_contains("credHelpers");
  if (named == nullptr || !named->is_object()) return;
  for (const auto& [host, program] : named->get_object()) {
    if (program.is_string()) config.helpers.emplace_back(host, program.get_string());
  }
}

}  // namespace

result<docker_config> parse_docker_config(std::string_view text, const std::string& source) {
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
  read_helpers(config, *root);
  return config;
}

}  // namespace regpass::auth
