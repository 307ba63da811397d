#include "auth/docker_entry.hpp"

#include "auth/credential_flaws.hpp"
#include "auth/json_text.hpp"
#include "regpass/auth/host_pattern.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/text_file.hpp"
#include "regpass/registry/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace regpass::auth {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> members{"auth", "username", "password", "identitytoken", "registrytoken"};

// A string that is wiped when it goes.
struct wiped_text {
  std::string text;
  wiped_text() = default;
  wiped_text(const wiped_text&) = delete;
  wiped_text& operator=(const wiped_text&) = delete;
  ~wiped_text() { wipe(text); }
};

std::string_view without_scheme(std::string_view key) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (iequals(key.substr(0, scheme.size()), scheme)) return key.substr(scheme.size());
  }
  return key;
}

// Docker's legacy keys are URLs of the registry's API; kubelet drops /v1 and /v2 of plain hosts as well.
bool is_api_path(std::string_view path) noexcept {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() || path == "/v1" || path == "/v2";
}

// containers-auth.json(5): "host/team-a" is for the repositories below it, "host/team-a/app" for this one too.
void read_path(credential_entry& entry, std::string_view path) {
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  const bool of_api = path.starts_with("v1/") || path.starts_with("v2/");
  if (registry::is_repository(path) && !of_api) {
    entry.range.path = path;
  } else if (path == "v1/access-token" || path == "v1/refresh-token") {
    entry.problem = fmt::format("the key's path {} is for Docker Desktop's own tokens", path);
  } else {
    entry.problem = fmt::format("the key's path {} is no repository", clean(path, 128));
  }
}

bool is_template(std::string_view key) noexcept {
  return key.find_first_of("${}<>%") != std::string_view::npos;
}

// Why the key can be no registry's, apart from the grammar of hosts. `host` is what stands before the first slash.
std::string key_flaw(std::string_view key, std::string_view host) {
  if (key.empty()) return "it is empty";
  if (is_template(key)) return fmt::format("{} holds a variable that nothing has replaced", clean(key, 128));
  if (key.find_first_of(" \t\r\n") != std::string_view::npos) return "it holds a blank or a line break";
  const auto bare = without_scheme(key);
  if (bare.find("://") != std::string_view::npos) return fmt::format("{} is no URL of a registry", clean(key, 128));
  if (host.empty()) return fmt::format("{} has no host", clean(key, 128));
  if (host.find('@') == std::string_view::npos) return {};
  return "it holds a user name or password, which belong in auth";
}

// The key is shown in logs.
std::string without_userinfo(std::string_view key) {
  const auto bare = without_scheme(key);
  const auto scheme = key.substr(0, key.size() - bare.size());
  const auto at = bare.substr(0, bare.find('/')).rfind('@');
  if (at == std::string_view::npos) return std::string(key);
  return fmt::format("{}***{}", scheme, bare.substr(at));
}

void read_host(credential_entry& entry, std::string_view text) {
  auto host = registry::parse_host(text);
  if (host) {
    entry.host = std::move(*host);
    return;
  }
  auto flaw = host.error().detail;
  if (has_wildcard(text)) {
    flaw = host_pattern_flaw(text);
    if (flaw.empty()) entry.host_pattern = lower(text);
  }
  if (!flaw.empty()) entry.problem = fmt::format("the key names no registry: {}", flaw);
}

void read_key(credential_entry& entry) {
  const auto bare = without_scheme(entry.key);
  const auto slash = std::min(bare.find('/'), bare.size());
  if (const auto flaw = key_flaw(entry.key, bare.substr(0, slash)); !flaw.empty()) {
    entry.problem = fmt::format("the key names no registry: {}", flaw);
    entry.key = without_userinfo(entry.key);
    return;
  }
  read_host(entry, bare.substr(0, slash));
  if (!entry.problem.empty()) return;
  if (const auto path = bare.substr(slash); !is_api_path(path)) read_path(entry, path);
}

void give(credential_entry& entry, credential_kind kind, std::string_view username, std::string_view value) {
  entry.credential = std::make_shared<credential>(credential{.kind = kind,
                                                             .username = std::string(username),
                                                             .value = secret(value),
                                                             .source = entry.source,
                                                             .key = entry.key,
                                                             .generation = next_generation()});
}

// A ready-made token (bearer) or a refresh token.
void read_token(credential_entry& entry, credential_kind kind, std::string_view username, std::string_view token,
                std::string_view name) {
  entry.problem = token_flaw(token, name);
  if (entry.problem.empty()) give(entry, kind, username, token);
}

void read_pair(credential_entry& entry, std::string_view username, std::string_view password) {
  entry.problem = username_flaw(username);
  if (auto flaw = password_flaw(password); !flaw.empty()) entry.problem = std::move(flaw);
  if (!entry.problem.empty()) return;
  give(entry, credential_kind::basic, username, password);
  entry.problem = username_remark(username);
  if (auto remark = password_remark(password); entry.problem.empty()) entry.problem = std::move(remark);
}

bool is_json_object(std::string_view text) {
  if (!text.starts_with('{')) return false;
  const auto parsed = parse_json(text);
  return parsed && parsed->is_object();
}

bool differs(const json::object& object, const credential& made) {
  const auto username = string_member(object, "username");
  const auto password = string_member(object, "password");
  return (!username.empty() && username != made.username) || (!password.empty() && password != made.value.expose());
}

void read_auth(credential_entry& entry, const json::object& object) {
  wiped_text decoded;
  if (const auto wrong = decode_base64(string_member(object, "auth"), decoded.text)) {
    const auto hint = wrong->reason == "line break" ? ": write it with base64 -w0" : "";
    entry.problem = fmt::format("auth is no base64: {} (at {}){}", wrong->reason, wrong->at, hint);
    return;
  }
  const std::string_view text = decoded.text;
  if (const auto wide = wide_encoding_of(text)) {
    entry.problem = fmt::format("auth is base64 of {} text: save it as UTF-8 before it is encoded", *wide);
    return;
  }
  if (is_json_object(text)) {
    entry.problem = "auth is base64 of a JSON object instead of user:password";
    return;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    entry.problem = "auth is base64, but not of user:password: there is no colon in it";
    return;
  }
  // Docker's own decoder trims NULs, which old versions wrote behind the password.
  const auto end = text.find_last_not_of('\0');
  read_pair(entry, text.substr(0, colon), text.substr(0, end + 1).substr(colon + 1));
  if (entry.credential && differs(object, *entry.credential)) {
    entry.problem = "auth and username/password differ; auth is used, as docker does";
  }
}

void read_plain(credential_entry& entry, const json::object& object) {
  const auto username = string_member(object, "username");
  const auto password = string_member(object, "password");
  if (username.empty() && password.empty()) {
    entry.problem = "the entry is empty: a marker that the secret is kept in a credential helper";
    return;
  }
  // docker-credential-helpers: the user name that says "the secret is an identity token".
  if (username == "<token>" && !password.empty()) {
    return read_token(entry, credential_kind::identity_token, {}, password, "the password");
  }
  read_pair(entry, username, password);
  if (entry.credential && entry.problem.empty()) {
    entry.problem = "auth is absent, username and password are used, which podman and buildah do not read";
  }
}

// `az acr login` writes the user of the identity token into `auth`, with an empty password.
std::string user_of(const json::object& object) {
  if (const auto username = string_member(object, "username"); !username.empty()) return std::string(username);
  wiped_text decoded;
  if (decode_base64(string_member(object, "auth"), decoded.text)) return {};
  const auto colon = decoded.text.find(':');
  return colon == std::string::npos ? std::string() : decoded.text.substr(0, colon);
}

std::string_view member_of_wrong_type(const json::object& object) noexcept {
  for (const auto name : members) {
    const auto* value = object.if_contains(name);
    if (value != nullptr && !value->is_string() && !value->is_null()) return name;
  }
  return {};
}

void read_members(credential_entry& entry, const json::object& object) {
  if (const auto name = member_of_wrong_type(object); !name.empty()) {
    entry.problem = fmt::format("{} is no string", name);
    return;
  }
  if (const auto token = string_member(object, "registrytoken"); !token.empty()) {
    return read_token(entry, credential_kind::bearer, {}, token, "registrytoken");
  }
  if (const auto token = string_member(object, "identitytoken"); !token.empty()) {
    return read_token(entry, credential_kind::identity_token, user_of(object), token, "identitytoken");
  }
  if (!string_member(object, "auth").empty()) return read_auth(entry, object);
  read_plain(entry, object);
}

}  // namespace

bool looks_like_docker_entry(const json::value& value) noexcept {
  const auto* object = value.if_object();
  return object != nullptr && std::ranges::any_of(members, [&](auto name) { return object->contains(name); });
}

credential_entry docker_entry_for(std::string_view key, const std::string& source) {
  credential_entry entry;
  entry.source = source;
  entry.key = key;
  read_key(entry);
  return entry;
}

credential_entry read_docker_entry(std::string_view key, const json::value& value, const std::string& source) {
  auto entry = docker_entry_for(key, source);
  if (!entry.problem.empty()) return entry;
  if (const auto* object = value.if_object()) {
    read_members(entry, *object);
  } else if (value.is_null()) {
    read_plain(entry, {});
  } else {
    entry.problem = "the entry is no JSON object";
  }
  return entry;
}

}  // namespace regpass::auth
