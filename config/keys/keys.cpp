// The keys of the file's tables, except [limits] (limit_keys.cpp). A row is all that a key needs: loading, `config
// show`, the JSON Schema and the manual page are made from it.
#include "config/keys/fields.hpp"
#include "config/keys/schema.hpp"

namespace regpass::config {
namespace {

using log::format;
using log::level;
using options::builder_kind;
using options::other_hosts;
using options::step_requests;
using std::array;
using std::pair;
using std::string_view;

constexpr array levels{pair<string_view, level>{"error", level::error}, pair<string_view, level>{"warn", level::warn},
                       pair<string_view, level>{"info", level::info}, pair<string_view, level>{"debug", level::debug}};

constexpr array formats{pair<string_view, format>{"json", format::json},
                        pair<string_view, format>{"text", format::text}};

constexpr array actions{pair<string_view, other_hosts::what>{"tunnel", other_hosts::what::tunnel},
                        pair<string_view, other_hosts::what>{"refuse", other_hosts::what::refuse}};

constexpr array readable_by{pair<string_view, readers>{"owner", readers::owner},
                            pair<string_view, readers>{"group", readers::group},
                            pair<string_view, readers>{"everyone", readers::everyone}};

constexpr array builders{pair<string_view, builder_kind>{"auto", builder_kind::automatic},
                         pair<string_view, builder_kind>{"buildkit", builder_kind::buildkit},
                         pair<string_view, builder_kind>{"other", builder_kind::other}};

constexpr array step_rules{pair<string_view, step_requests>{"refuse", step_requests::refuse},
                           pair<string_view, step_requests>{"anonymous", step_requests::anonymous}};

constexpr std::int64_t day = 86'400'000;

key<settings> of(key_facts facts, auto field) {
  return row<settings>(std::move(facts), field);
}

std::vector<key<settings>> listeners() {
  return {
      of({"state_dir", kind::path,
          "Directory for the CA and other state. Default: $STATE_DIRECTORY, else $XDG_STATE_HOME/regpass, else "
          "~/.local/state/regpass (not for root), else /var/lib/regpass."},
         [](auto& s) -> auto& { return s.state_dir; }),
      of({"listen.proxy", kind::endpoint,
          "Address of the HTTP proxy; must be loopback unless client_auth is set. In `regpass run` the default is a "
          "free port."},
         [](auto& s) -> auto& { return s.listen.proxy; }),
      of({"listen.transparent", kind::endpoint,
          "Address for redirected connections (`regpass redirect apply`); must be loopback. With 127.0.0.1 regpass "
          "also listens on the same port of [::1] if the machine has IPv6."},
         [](auto& s) -> auto& { return s.listen.transparent; }),
      of({"listen.health", kind::endpoint,
          "Address of /livez, /readyz, /startupz and /metrics, none of which contain secrets; in pods "
          "\"0.0.0.0:9128\". Off by default in `regpass run`."},
         [](auto& s) -> auto& { return s.listen.health; }),
      of({"listen.admin", kind::text,
          "Socket through which `regpass explain` and other commands of the same user query the sidecar: "
          "\"unix:PATH\", "
          "relative to state_dir; empty: off. Off by default in `regpass run`."},
         [](auto& s) -> auto& { return s.listen.admin; }),
      of({"listen.page", kind::endpoint,
          "Address of the web page that shows exchanges live; must be loopback. The page requires a token that is "
          "printed at startup."},
         [](auto& s) -> auto& { return s.listen.page; }),
  };
}

std::vector<key<settings>> clients_and_credentials() {
  return {
      of({"client_auth.secret_file", kind::path,
          "File with the password that clients of the proxy must present (Proxy-Authorization, any user name). "
          "Default: no password; in `regpass run` a new one."},
         [](auto& s) -> auto& { return s.client_auth.secret_file; }),
      of({"client_auth.create", kind::boolean,
          "Whether regpass creates that file with a random password if it does not exist."},
         [](auto& s) -> auto& { return s.client_auth.create; }),
      choice<settings>("client_auth.readable_by",
                       "Who may read the created file: a builder that runs as another user than regpass needs access.",
                       readable_by, [](auto& s) -> auto& { return s.client_auth.readable_by; }),
      choice<settings>(
          "client_auth.builder",
          "Which clients have the password. \"buildkit\": only BuildKit, whose exec proxy (--proxy-network) "
          "sends the requests of build steps with it. \"auto\": regpass recognises BuildKit by its requests. "
          "\"other\": no BuildKit of 0.33 or later, so no request is treated as a build step's.",
          builders, [](auto& s) -> auto& { return s.client_auth.rules.builder; }),
      choice<settings>("client_auth.steps",
                       "How regpass handles registry requests from BuildKit's exec proxy. \"anonymous\": it forwards "
                       "them with only what the build step itself sends.",
                       step_rules, [](auto& s) -> auto& { return s.client_auth.rules.steps; }),
      of({"credentials.docker_config", kind::path_list,
          "Docker credential files, or directories that contain one. Default: $CREDENTIALS_DIRECTORY "
          "(systemd's LoadCredential=), and the usual places of docker and podman."},
         [](auto& s) -> auto& { return s.credentials.docker_config; }),
      of({"credentials.helpers", kind::boolean,
          "Whether to run the docker-credential-* helpers that those files name (credsStore, credHelpers)."},
         [](auto& s) -> auto& { return s.credentials.helpers; }),
      of({"credentials.required", kind::boolean, "Whether /readyz returns 503 while no credential is usable."},
         [](auto& s) -> auto& { return s.credentials.required; }),
  };
}

std::vector<key<settings>> hosts_and_tls() {
  return {
      choice<settings>("other_hosts.action", "What happens to requests for hosts that are not registries.", actions,
                       [](auto& s) -> auto& { return s.other_hosts.action; }),
      of({"other_hosts.ports", kind::port_list, "Allowed ports on hosts that are not registries."},
         [](auto& s) -> auto& { return s.other_hosts.ports; }),
      of({"other_hosts.deny_private_addresses", kind::boolean,
          "Whether to refuse hosts that are not registries and resolve to private addresses. Metadata, link-local and "
          "loopback addresses are always refused."},
         [](auto& s) -> auto& { return s.other_hosts.deny_private_addresses; }),
      of({"upstream.proxy", kind::proxy,
          "The corporate proxy that regpass connects through: \"http://user:password@proxy.corp:3128\", or https://. "
          "Default: $HTTPS_PROXY as regpass was started with; \"direct\": none. $NO_PROXY lists what is reached "
          "without it."},
         [](auto& s) -> auto& { return s.upstream.proxy; }),
      of({"upstream.connect_timeout", kind::duration, "Time limit for resolving a name and connecting to it.", 1, day},
         [](auto& s) -> auto& { return s.limits.connect_within; }),
      of({"tls.ca_dir", kind::path,
          "Directory of ca.key and ca.crt; an existing pair is used. Default: `ca` in state_dir."},
         [](auto& s) -> auto& { return s.tls.ca_dir; }),
      of({"tls.publish_dir", kind::path,
          "Directory in which clients find the CA's certificate: ca.crt, <hash>.0 and bundle.crt. Default: `publish` "
          "in state_dir."},
         [](auto& s) -> auto& { return s.tls.publish_dir; }),
      of({"tls.certs_dir", kind::path,
          "Laid out like docker's: HOST[:PORT]/*.crt are CAs trusted for that registry, and NAME.cert with NAME.key is "
          "the client certificate that regpass presents to it. The keys of a [[registry]] take precedence. Empty: "
          "none."},
         [](auto& s) -> auto& { return s.tls.certs_dir; }),
      of({"tls.key_log_file", kind::path,
          "For decrypting captures in Wireshark: regpass appends the keys of every TLS connection, of clients and to "
          "registries, to this file. Anyone with this file and a packet capture can decrypt credentials. Empty: none."},
         [](auto& s) -> auto& { return s.tls.key_log_file; }),
      of({"tls.fast_aes", kind::boolean,
          "Whether to use AVX-512 (VAES) for AES-GCM where the processor and this build support it; false leaves all "
          "of it to OpenSSL. Only read at startup."},
         [](auto& s) -> auto& { return s.tls.fast_aes; }),
  };
}

std::vector<key<settings>> reporting_and_shutdown() {
  return {
      of({"explain.annotate", kind::boolean,
          "Whether regpass adds the cause of a failure to the error that the client "
          "sees."},
         [](auto& s) -> auto& { return s.explain.annotate; }),
      of({"explain.history", kind::integer, "Number of finished exchanges kept in memory.", 0, 100'000},
         [](auto& s) -> auto& { return s.explain.history; }),
      choice<settings>("log.level", "Least severe level that is logged; debug includes headers, without secrets.",
                       levels, [](auto& s) -> auto& { return s.log.threshold; }),
      choice<settings>("log.format", "JSON lines for programs, or text for people.", formats,
                       [](auto& s) -> auto& { return s.log.style; }),
      of({"drain.idle", kind::duration, "After SIGTERM, regpass exits once it has been idle for this long.", 0, day},
         [](auto& s) -> auto& { return s.drain.idle; }),
      of({"drain.timeout", kind::duration, "After SIGTERM, regpass exits after this time even if it is busy.", 0, day},
         [](auto& s) -> auto& { return s.drain.timeout; }),
      of({"drain.quit_file", kind::path,
          "regpass shuts down, as after SIGTERM, when this file exists: for pods whose builder cannot send signals. "
          "Empty: none."},
         [](auto& s) -> auto& { return s.drain.quit_file; }),
  };
}

std::vector<key<settings>> all() {
  std::vector<key<settings>> out;
  for (auto part : {listeners(), clients_and_credentials(), hosts_and_tls(), reporting_and_shutdown(), limit_keys()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace

std::span<const key<settings>> keys() {
  static const auto table = all();
  return table;
}

}  // namespace regpass::config
