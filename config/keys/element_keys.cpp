// The keys of the elements of lists: [[registry]], [[registry.credential]], [[mirror]] and
// [[credentials.kubelet_provider]].
#include "config/keys/fields.hpp"
#include "config/keys/schema.hpp"

namespace regpass::config {
namespace {

using options::http2_use;
using options::injection;
using options::mirror_options;
using options::mount_rule;
using options::registry_options;
using std::array;
using std::pair;
using std::string_view;

constexpr array versions{pair<string_view, http2_use>{"auto", http2_use::automatic},
                         pair<string_view, http2_use>{"always", http2_use::always},
                         pair<string_view, http2_use>{"off", http2_use::off}};

constexpr array injections{pair<string_view, injection>{"replace", injection::replace},
                           pair<string_view, injection>{"add", injection::add},
                           pair<string_view, injection>{"observe", injection::observe}};

constexpr array mount_rules{pair<string_view, mount_rule>{"auto", mount_rule::automatic},
                            pair<string_view, mount_rule>{"upload", mount_rule::upload}};

key<registry_options> of_registry(key_facts facts, auto field) {
  return row<registry_options>(std::move(facts), field);
}

key<registry_credential> of_credential(key_facts facts, auto field) {
  return row<registry_credential>(std::move(facts), field);
}

key<mirror_options> of_mirror(key_facts facts, auto field) {
  return row<mirror_options>(std::move(facts), field);
}

key<kubelet_provider> of_provider(key_facts facts, auto field) {
  return row<kubelet_provider>(std::move(facts), field);
}

std::vector<key<registry_options>> policy_keys() {
  return {
      of_registry({"host", kind::host, "The registry as it appears in image names, with its port if any."},
                  [](auto& r) -> auto& { return r.host; }),
      of_registry({"pull", kind::pattern_list, "Repositories that may be pulled from."},
                  [](auto& r) -> auto& { return r.policy.pull; }),
      of_registry({"push", kind::pattern_list,
                   "Repositories that may be pushed to. Default: none in `regpass serve`, all in `regpass run`."},
                  [](auto& r) -> auto& { return r.policy.push; }),
      of_registry({"delete", kind::pattern_list, "Repositories in which tags, manifests and blobs may be deleted."},
                  [](auto& r) -> auto& { return r.policy.remove; }),
      of_registry({"catalog", kind::boolean, "Whether the list of all repositories may be read."},
                  [](auto& r) -> auto& { return r.policy.catalog; }),
      choice<registry_options>("mount",
                               "auto: for a mount from another repository regpass also requests that repository's "
                               "scope, and turns the mount into an upload if it is not granted. upload: always an "
                               "upload.",
                               mount_rules, [](auto& r) -> auto& { return r.policy.mount; }),
      choice<registry_options>("authorization",
                               "replace: always use regpass's credential. add: a client's own login takes precedence, "
                               "and regpass's is used for clients without one. observe: never inject a credential, "
                               "only log and explain.",
                               injections, [](auto& r) -> auto& { return r.injection; }),
      of_registry({"realms", kind::url_list,
                   "Token servers that may receive this registry's credential, besides its own origin and the built-in "
                   "ones."},
                  [](auto& r) -> auto& { return r.realms; }),
  };
}

std::vector<key<registry_options>> transport_keys() {
  return {
      of_registry({"ca_file", kind::path, "PEM file of CAs that are trusted in addition to the system's."},
                  [](auto& r) -> auto& { return r.trust.ca_file; }),
      of_registry(
          {"client_cert_file", kind::path, "PEM file of the client certificate that regpass presents to the registry."},
          [](auto& r) -> auto& { return r.trust.client_cert_file; }),
      of_registry({"client_key_file", kind::path, "PEM file of the key for client_cert_file."},
                  [](auto& r) -> auto& { return r.trust.client_key_file; }),
      of_registry({"plain_http", kind::boolean,
                   "Whether the registry itself uses plain HTTP: credentials are then sent unencrypted."},
                  [](auto& r) -> auto& { return r.plain_http; }),
      of_registry({"upgrade_plain_http", kind::boolean,
                   "Whether clients on loopback may use plain HTTP to the proxy for this registry; regpass connects to "
                   "the registry over verified TLS."},
                  [](auto& r) -> auto& { return r.upgrade_plain_http; }),
      of_registry({"insecure_skip_verify", kind::boolean,
                   "Whether to skip verification of the registry's certificate: anyone in between can read the "
                   "credentials."},
                  [](auto& r) -> auto& { return r.trust.skip_verify; }),
      choice<registry_options>("http2",
                               "auto: HTTP/2 with clients that offer it, and with the registry if it supports it, "
                               "except for the content of blobs, which is faster over HTTP/1.1. always: for blobs too. "
                               "off: HTTP/1.1 only, for registries that break over HTTP/2.",
                               versions, [](auto& r) -> auto& { return r.http2; }),
  };
}

std::vector<key<registry_options>> all_of_registries() {
  auto out = policy_keys();
  for (auto& key : transport_keys()) out.push_back(std::move(key));
  return out;
}

std::vector<key<registry_credential>> all_of_credentials() {
  return {
      of_credential({"repositories", kind::pattern_list, "Repositories that the credential is used for. Default: all."},
                    [](auto& c) -> auto& { return c.repositories; }),
      of_credential({.name = "actions",
                     .kind = kind::choice_list,
                     .text = "Actions that the credential is used for. Default: all.",
                     .choices = {"pull", "push", "delete", "catalog"}},
                    [](auto& c) -> auto& { return c.actions; }),
      of_credential({"username", kind::text, "User name for the password in password_file."},
                    [](auto& c) -> auto& { return c.username; }),
      of_credential({"password_file", kind::path, "File with the password; a trailing line break is ignored."},
                    [](auto& c) -> auto& { return c.password_file; }),
      of_credential({"token_file", kind::path, "File with a token that is sent to the registry unchanged."},
                    [](auto& c) -> auto& { return c.token_file; }),
      of_credential({"identity_token_file", kind::path, "File with a refresh token for the registry's token server."},
                    [](auto& c) -> auto& { return c.identity_token_file; }),
      of_credential({"docker_config", kind::path, "Docker credential file that has an entry for the registry."},
                    [](auto& c) -> auto& { return c.docker_config; }),
  };
}

std::vector<key<mirror_options>> all_of_mirrors() {
  return {
      of_mirror({"listen", kind::endpoint,
                 "Loopback address on which clients reach the mirror over plain HTTP; no other listener may use it."},
                [](auto& m) -> auto& { return m.listen; }),
      of_mirror({"registry", kind::host,
                 "Registry that requests are sent to, unless ?ns=HOST names another one that regpass serves."},
                [](auto& m) -> auto& { return m.registry; }),
      of_mirror({"path", kind::prefix,
                 "Path that clients put before or after /v2; an unguessable one keeps other processes out. Default: "
                 "none."},
                [](auto& m) -> auto& { return m.path; }),
      of_mirror({"names", kind::text_list,
                 "Host names under which clients reach the mirror, besides loopback addresses, localhost and the names "
                 "of registries. Requests for any other host are refused."},
                [](auto& m) -> auto& { return m.names; }),
  };
}

std::vector<key<kubelet_provider>> all_of_providers() {
  return {
      of_provider(
          {"command", kind::text_list, "The kubelet plugin, as an absolute path or a name in PATH, and its arguments."},
          [](auto& p) -> auto& { return p.command; }),
      of_provider({"match_images", kind::text_list,
                   "Images that the plugin is called for: HOST[:PORT][/PATH]; '*' matches any characters within a "
                   "label of the host."},
                  [](auto& p) -> auto& { return p.match_images; }),
  };
}

constexpr array<string_view, 4> lists{"registry", "mirror", credential_list, provider_list};

}  // namespace

std::span<const key<registry_options>> registry_keys() {
  static const auto table = all_of_registries();
  return table;
}

std::span<const key<registry_credential>> credential_keys() {
  static const auto table = all_of_credentials();
  return table;
}

std::span<const key<mirror_options>> mirror_keys() {
  static const auto table = all_of_mirrors();
  return table;
}

std::span<const key<kubelet_provider>> provider_keys() {
  static const auto table = all_of_providers();
  return table;
}

std::span<const string_view> list_names() {
  return lists;
}

}  // namespace regpass::config
