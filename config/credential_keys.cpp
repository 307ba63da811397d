#include "fields.hpp"
#include "schema.hpp"

namespace regpass::config {
namespace {

key<registry_credential> of(key_facts facts, auto field) {
  return row<registry_credential>(std::move(facts), field);
}

key<kubelet_provider> of_provider(key_facts facts, auto field) {
  return row<kubelet_provider>(std::move(facts), field);
}

std::vector<key<registry_credential>> all_of_registries() {
  return {
      of({"repositories", kind::pattern_list, "Repositories that the credential is for. Default: all."},
         [](auto& c) -> auto& { return c.repositories; }),
      of({.name = "actions",
          .kind = kind::choice_list,
          .text = "What the credential is for. Default: everything.",
          .choices = {"pull", "push", "delete", "catalog"}},
         [](auto& c) -> auto& { return c.actions; }),
      of({"username", kind::text, "The user whose password is in password_file."},
         [](auto& c) -> auto& { return c.username; }),
      of({"password_file", kind::path, "File that holds the password; a line break at its end does not count."},
         [](auto& c) -> auto& { return c.password_file; }),
      of({"token_file", kind::path, "File that holds a token which is sent to the registry as it is."},
         [](auto& c) -> auto& { return c.token_file; }),
      of({"identity_token_file", kind::path, "File that holds a refresh token for the registry's token server."},
         [](auto& c) -> auto& { return c.identity_token_file; }),
      of({"docker_config", kind::path, "Docker credential file that has an entry for the registry."},
         [](auto& c) -> auto& { return c.docker_config; }),
  };
}

std::vector<key<kubelet_provider>> all_of_providers() {
  return {
      of_provider(
          {"command", kind::text_list, "The plugin, by its absolute path or to be found in PATH, and its arguments."},
          [](auto& p) -> auto& { return p.command; }),
      of_provider(
          {"match_images", kind::text_list,
           "Images that it is asked for: HOST[:PORT][/PATH], '*' within a label of the host for any characters."},
          [](auto& p) -> auto& { return p.match_images; }),
  };
}

}  // namespace

std::span<const key<registry_credential>> credential_keys() {
  static const auto table = all_of_registries();
  return table;
}

std::span<const key<kubelet_provider>> provider_keys() {
  static const auto table = all_of_providers();
  return table;
}

}  // namespace regpass::config
