// [[registry.credential]]: from the configuration to entries.
#include "auth/credential_flaws.hpp"
#include "daemon/credential_loader.hpp"
#include "regpass/auth/program.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/text_file.hpp"

#include <algorithm>
#include <array>

namespace regpass::daemon {

namespace {

namespace fs = std::filesystem;
using auth::credential_kind;

std::vector<registry::action> actions_of(const std::vector<std::string>& names) {
  using registry::action;
  std::vector<action> made;
  for (const auto one : {action::pull, action::push, action::remove, action::catalog}) {
    if (std::ranges::find(names, registry::name_of(one)) != names.end()) made.push_back(one);
  }
  return made;
}

configured_credential resolved(const config::registry_credential& from, const registry::host& host,
                               std::size_t number) {
  configured_credential made;
  made.host = host;
  made.range = {.path = {}, .repositories = from.repositories, .actions = actions_of(from.actions), .configured = true};
  made.key = "[[registry.credential]] " + std::to_string(number) + " of " + registry::to_text(host);
  made.username = from.username;
  if (!from.docker_config.empty()) {
    made.docker_config = true;
    made.file = from.docker_config;
  } else if (!from.token_file.empty()) {
    made.kind = credential_kind::bearer;
    made.file = from.token_file;
  } else if (!from.identity_token_file.empty()) {
    made.kind = credential_kind::identity_token;
    made.file = from.identity_token_file;
  } else {
    made.file = from.password_file;
  }
  return made;
}

auth::credential_entry begin(const configured_credential& one) {
  auth::credential_entry made;
  made.host = one.host;
  made.source = one.file.string();
  made.key = one.key;
  made.range = one.range;
  return made;
}

}  // namespace

credential_sources sources_from(const config::settings& settings,
                                const std::map<std::string, std::string>& environment) {
  const auto& from = settings.credentials;
  credential_sources made;
  made.places = from.docker_config.empty() ? default_places(environment) : from.docker_config;
  made.helpers = from.helpers;
  std::map<std::size_t, std::size_t> counts;  // of each [[registry]]
  for (const auto& one : from.of_registries) {
    made.configured.push_back(resolved(one, settings.registries[one.of].host, ++counts[one.of]));
  }
  for (const auto& one : from.kubelet_providers) {
    made.providers.push_back({.speaks = auth::credential_program::protocol::kubelet_provider,
                              .command = one.command,
                              .images = one.match_images});
  }
  return made;
}

result<secret> read_secret_file(const fs::path& file, std::size_t cap, credential_kind kind) {
  auto text = read_text_file(file, cap);
  if (!text) return std::unexpected(text.error());
  const auto value = without_final_line_break(*text);
  const auto flaw = value.empty()                    ? "the file is empty"
                    : kind == credential_kind::basic ? auth::password_flaw(value)
                                                     : auth::token_flaw(value, "the token");
  result<secret> made(value);
  if (!flaw.empty()) made = fail(errc::bad_input, clean(file.string()) + ": " + flaw);
  wipe(*text);
  return made;
}

auth::credential_entry credential_loader::read_secret(const configured_credential& one, credentials& into) {
  auto made = begin(one);
  auto value = read_secret_file(one.file, file_cap_, one.kind);
  if (!value && value.error().code == errc::not_found) good_secrets_.erase(one.file);
  const auto good = good_secrets_.find(one.file);
  if (!value) {
    into.rejected.push_back({one.file, value.error().detail, good != good_secrets_.end()});
    if (good == good_secrets_.end()) {
      made.problem = value.error().detail;
      return made;
    }
    value = good->second;
  }
  good_secrets_.insert_or_assign(one.file, *value);
  into.read.push_back(one.file);
  made.credential = std::make_shared<auth::credential>(auth::credential{.kind = one.kind,
                                                                        .username = one.username,
                                                                        .value = *value,
                                                                        .source = made.source,
                                                                        .key = made.key,
                                                                        .generation = auth::next_generation()});
  return made;
}

// The file's entry for the registry; what it says of others is not asked for here.
auth::credential_entry credential_loader::read_docker_config(const configured_credential& one, credentials& into) {
  auto made = begin(one);
  const auto rejected = into.rejected.size();
  const auto* config = parse(one.file, true, into);
  if (config == nullptr) {
    made.problem = into.rejected.size() > rejected ? into.rejected.back().why : "cannot be read";
    return made;
  }
  const auto is_for = [&](const auth::credential_entry& entry) {
    return entry.host == one.host && entry.range.path.empty();
  };
  // As docker does, the registry's own program first, then the one for all (credsStore), which says nothing of hosts.
  const auto is_general = [](const auth::credential_entry& entry) { return entry.program && entry.host.name.empty(); };
  auto helper = std::ranges::find_if(config->helpers, is_for);
  const auto matches = [&](const auth::credential_entry& entry) {
    return !entry.host_pattern.empty() && entry.range.path.empty() &&
           auth::is_for_image(entry.host_pattern, auth::image_of(one.host, {}));
  };
  auto plain = std::ranges::find_if(config->entries, is_for);
  if (plain == config->entries.end()) plain = std::ranges::find_if(config->entries, matches);
  const bool has_entry = plain != config->entries.end() && plain->credential;
  if (helper == config->helpers.end() && !has_entry) helper = std::ranges::find_if(config->helpers, is_general);
  if (from_.helpers && helper != config->helpers.end()) {
    made.program = helper->program;
    made.problem = helper->problem;
  } else if (plain != config->entries.end()) {
    made.credential = plain->credential;
    made.problem = plain->problem;
  } else {
    made.problem = made.source + " has no entry for " + registry::to_text(one.host);
  }
  return made;
}

void credential_loader::read_configured(const configured_credential& one, credentials& into) {
  seen_.insert(one.file);
  into.store.sources.push_back(one.file.string());
  into.store.entries.push_back(one.docker_config ? read_docker_config(one, into) : read_secret(one, into));
}

}  // namespace regpass::daemon
