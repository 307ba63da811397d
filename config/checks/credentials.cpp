#include "config/assembly.hpp"
#include "config/keys/schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace regpass::config {
namespace {

// Exactly one key must name the secret.
void check_source(assembly& a, const registry_credential& c, const std::string& prefix) {
  std::vector<std::string> given;
  if (!c.password_file.empty()) given.emplace_back("password_file");
  if (!c.token_file.empty()) given.emplace_back("token_file");
  if (!c.identity_token_file.empty()) given.emplace_back("identity_token_file");
  if (!c.docker_config.empty()) given.emplace_back("docker_config");
  if (given.size() == 1) return;
  if (given.empty()) {
    a.complain(a.place_of(prefix), "[[registry.credential]] without a credential",
               "write username and password_file, or token_file, identity_token_file or docker_config");
    return;
  }
  a.complain(a.place_of(prefix + given[1]), fmt::format("`{}` cannot be combined", fmt::join(given, "`, `")),
             "keep one of them");
}

void check_username(assembly& a, const registry_credential& c, const std::string& prefix) {
  if (!c.password_file.empty() && c.username.empty()) {
    a.complain(a.place_of(prefix + "password_file"), "`password_file` without `username`",
               "add username, or write token_file if the file holds a token");
  }
  if (c.password_file.empty() && !c.username.empty()) {
    a.complain(a.place_of(prefix + "username"), "`username` without `password_file`", "remove username");
  }
  if (c.username.find(':') != std::string::npos) {
    a.complain(a.place_of(prefix + "username"),
               "`username` contains a colon, which HTTP Basic authentication does not allow", "correct username");
  }
}

void check_provider(assembly& a, const kubelet_provider& p, const std::string& prefix) {
  const auto missing = [&](const std::string& key, const std::string& example) {
    a.complain(a.place_of(prefix + key), fmt::format("[[credentials.kubelet_provider]] without `{}`", key),
               "write " + example);
  };
  if (p.command.empty()) missing("command", "command = [\"/opt/bin/ecr-credential-provider\"]");
  if (p.match_images.empty()) missing("match_images", "match_images = [\"*.dkr.ecr.*.amazonaws.com\"]");
}

}  // namespace

void check_credentials(assembly& a) {
  const auto& all = a.result.settings.credentials;
  for (std::size_t i = 0; i < all.of_registries.size(); ++i) {
    check_source(a, all.of_registries[i], element_prefix(credential_list, i));
    check_username(a, all.of_registries[i], element_prefix(credential_list, i));
  }
  for (std::size_t i = 0; i < all.kubelet_providers.size(); ++i)
    check_provider(a, all.kubelet_providers[i], element_prefix(provider_list, i));
}

}  // namespace regpass::config
