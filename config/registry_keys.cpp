#include "fields.hpp"
#include "schema.hpp"

namespace regpass::config {
namespace {

using auth::injection;
using forward::http2_use;
using forward::registry_options;
using std::pair;
using std::string_view;

constexpr std::array versions{pair<string_view, http2_use>{"auto", http2_use::automatic},
                              pair<string_view, http2_use>{"always", http2_use::always},
                              pair<string_view, http2_use>{"off", http2_use::off}};
constexpr std::array injections{pair<string_view, injection>{"replace", injection::replace},
                                pair<string_view, injection>{"add", injection::add},
                                pair<string_view, injection>{"observe", injection::observe}};

constexpr std::array mount_rules{pair<string_view, auth::mount_rule>{"auto", auth::mount_rule::automatic},
                                 pair<string_view, auth::mount_rule>{"upload", auth::mount_rule::upload}};

key<registry_options> of(key_facts facts, auto field) {
  return row<registry_options>(std::move(facts), field);
}

std::vector<key<registry_options>> policy_keys() {
  return {
      of({"host", kind::host, "The registry as it stands in image names, with its port if any."},
         [](auto& r) -> auto& { return r.host; }),
      of({"pull", kind::pattern_list, "Repositories that may be pulled from."},
         [](auto& r) -> auto& { return r.policy.pull; }),
      of({"push", kind::pattern_list,
          "Repositories that may be pushed to. Default: none in `regpass serve`, all in `regpass run`."},
         [](auto& r) -> auto& { return r.policy.push; }),
      of({"delete", kind::pattern_list, "Repositories in which tags, manifests and blobs may be deleted."},
         [](auto& r) -> auto& { return r.policy.remove; }),
      of({"catalog", kind::boolean, "Whether the list of all repositories may be read."},
         [](auto& r) -> auto& { return r.policy.catalog; }),
      choice<registry_options>("mount",
                               "auto: a mount from another repository asks for its scope too, and becomes an upload if "
                               "that is not granted. upload: always an upload.",
                               mount_rules, [](auto& r) -> auto& { return r.policy.mount; }),
      choice<registry_options>("authorization",
                               "replace: always ours. add: a client's own login goes first, and ours is for clients "
                               "that have none. observe: never ours, only logged and explained.",
                               injections, [](auto& r) -> auto& { return r.injection; }),
      of({"realms", kind::url_list,
          "Token endpoints that may get this registry's credential, besides its own origin and the built-in ones."},
         [](auto& r) -> auto& { return r.realms; }),
  };
}

std::vector<key<registry_options>> transport_keys() {
  return {
      of({"ca_file", kind::path, "PEM file of CAs that are believed in addition to the system's."},
         [](auto& r) -> auto& { return r.trust.ca_file; }),
      of({"client_cert_file", kind::path, "PEM file of the certificate that regpass shows to the registry."},
         [](auto& r) -> auto& { return r.trust.client_cert_file; }),
      of({"client_key_file", kind::path, "PEM file of the key of client_cert_file."},
         [](auto& r) -> auto& { return r.trust.client_key_file; }),
      of({"plain_http", kind::boolean, "The registry itself speaks plain HTTP: credentials travel unprotected."},
         [](auto& r) -> auto& { return r.plain_http; }),
      of({"upgrade_plain_http", kind::boolean,
          "Clients on loopback may speak plain HTTP to the proxy for this registry; it goes on over verified TLS."},
         [](auto& r) -> auto& { return r.upgrade_plain_http; }),
      of({"insecure_skip_verify", kind::boolean,
          "The registry's certificate is not verified: whoever is in between gets the credentials."},
         [](auto& r) -> auto& { return r.trust.skip_verify; }),
      choice<registry_options>("http2",
                               "auto: HTTP/2 with clients that offer it and with the registry if it takes it, but for "
                               "the content of blobs, which HTTP/1.1 carries faster. always: for those too. off: "
                               "HTTP/1.1 only, for registries that break over HTTP/2.",
                               versions, [](auto& r) -> auto& { return r.http2; }),
  };
}

std::vector<key<registry_options>> all() {
  auto out = policy_keys();
  for (auto& one : transport_keys()) out.push_back(std::move(one));
  return out;
}

}  // namespace

std::span<const key<registry_options>> registry_keys() {
  static const auto table = all();
  return table;
}

}  // namespace regpass::config
