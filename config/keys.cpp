#include "fields.hpp"
#include "limit_keys.hpp"
#include "schema.hpp"

namespace regpass::config {
namespace {

using forward::other_hosts;
using log::format;
using log::level;
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

using forward::builder_kind;
using forward::step_requests;

constexpr array builders{pair<string_view, builder_kind>{"auto", builder_kind::automatic},
                         pair<string_view, builder_kind>{"buildkit", builder_kind::buildkit},
                         pair<string_view, builder_kind>{"other", builder_kind::other}};

constexpr array step_rules{pair<string_view, step_requests>{"refuse", step_requests::refuse},
                           pair<string_view, step_requests>{"anonymous", step_requests::anonymous}};

constexpr std::int64_t day = 86'400'000;

key<settings> of(key_facts facts, auto field) {
  return row<settings>(std::move(facts), field);
}

std::vector<key<settings>> listeners_and_credentials() {
  return {
      of({"state_dir", kind::path,
          "Where the CA and other state are kept. Default: $STATE_DIRECTORY, else $XDG_STATE_HOME/regpass, else "
          "~/.local/state/regpass (not for root), else /var/lib/regpass."},
         [](auto& s) -> auto& { return s.state_dir; }),
      of({"listen.proxy", kind::endpoint,
          "Where clients reach the HTTP proxy; a loopback address unless client_auth is set. In `regpass run` the "
          "default is a free port."},
         [](auto& s) -> auto& { return s.listen.proxy; }),
      of({"listen.transparent", kind::endpoint,
          "Where redirected connections arrive (`regpass redirect apply`); a loopback address. With 127.0.0.1 the same "
          "port of [::1] is opened too, if there is IPv6."},
         [](auto& s) -> auto& { return s.listen.transparent; }),
      of({"listen.health", kind::endpoint,
          "/livez, /readyz, /startupz and /metrics, without anything secret; in pods \"0.0.0.0:9128\". In `regpass "
          "run` "
          "the default is off."},
         [](auto& s) -> auto& { return s.listen.health; }),
      of({"listen.admin", kind::text,
          "The socket by which `regpass explain` and others of this user ask the sidecar: \"unix:PATH\", relative to "
          "state_dir; empty: off. In `regpass run` the default is off."},
         [](auto& s) -> auto& { return s.listen.admin; }),
      of({"listen.page", kind::endpoint,
          "The page that shows exchanges as they happen; a loopback address. It opens with a token that is printed at "
          "the start."},
         [](auto& s) -> auto& { return s.listen.page; }),
      of({"client_auth.secret_file", kind::path,
          "Holds the password that clients of the proxy must show (Proxy-Authorization, any user name). Default: none "
          "is "
          "asked for; in `regpass run` a new one."},
         [](auto& s) -> auto& { return s.client_auth.secret_file; }),
      of({"client_auth.create", kind::boolean,
          "Whether regpass makes that file, with a random password, if there is none."},
         [](auto& s) -> auto& { return s.client_auth.create; }),
      choice<settings>("client_auth.readable_by",
                       "Who may read a file made so: a builder that is another user than regpass must be able to.",
                       readable_by, [](auto& s) -> auto& { return s.client_auth.readable_by; }),
      choice<settings>(
          "client_auth.builder",
          "Which clients have the password. \"buildkit\": only BuildKit, whose exec proxy (--proxy-network) "
          "sends the requests of build steps with it. \"auto\": regpass recognises BuildKit by its requests. "
          "\"other\": no BuildKit of 0.33 or later, so no request is treated as a build step's.",
          builders, [](auto& s) -> auto& { return s.client_auth.rules.builder; }),
      choice<settings>("client_auth.steps",
                       "What happens to registry requests that come by BuildKit's exec proxy. \"anonymous\": they are "
                       "passed on with what the build step itself sends.",
                       step_rules, [](auto& s) -> auto& { return s.client_auth.rules.steps; }),
      of({"credentials.docker_config", kind::path_list,
          "Docker credential files, or directories that hold one. Default: $CREDENTIALS_DIRECTORY "
          "(systemd's LoadCredential=), and where docker and podman keep theirs."},
         [](auto& s) -> auto& { return s.credentials.docker_config; }),
      of({"credentials.helpers", kind::boolean,
          "Whether the docker-credential-* programs are run that those files name (credsStore, credHelpers)."},
         [](auto& s) -> auto& { return s.credentials.helpers; }),
      of({"credentials.required", kind::boolean, "Whether /readyz answers 503 for as long as no credential is usable."},
         [](auto& s) -> auto& { return s.credentials.required; }),
  };
}

std::vector<key<settings>> hosts_and_tls() {
  return {
      choice<settings>("other_hosts.action", "What happens to requests for hosts that are no registry.", actions,
                       [](auto& s) -> auto& { return s.other_hosts.action; }),
      of({"other_hosts.ports", kind::port_list, "Ports that may be reached at hosts that are no registry."},
         [](auto& s) -> auto& { return s.other_hosts.ports; }),
      of({"other_hosts.deny_private_addresses", kind::boolean,
          "Whether hosts that are no registry are refused at private addresses. Metadata, link-local and loopback "
          "addresses always are."},
         [](auto& s) -> auto& { return s.other_hosts.deny_private_addresses; }),
      of({"upstream.proxy", kind::proxy,
          "The corporate proxy that regpass goes out by: \"http://user:password@proxy.corp:3128\", or https://. "
          "Default: "
          "$HTTPS_PROXY as regpass is started with; \"direct\": none. $NO_PROXY names what is reached without it."},
         [](auto& s) -> auto& { return s.upstream.proxy; }),
      of({"upstream.connect_timeout", kind::duration, "For resolving a name and connecting to it.", 1, day},
         [](auto& s) -> auto& { return s.limits.connect_within; }),
      of({"tls.ca_dir", kind::path,
          "Where ca.key and ca.crt are kept; a pair found there is used. Default: `ca` in state_dir."},
         [](auto& s) -> auto& { return s.tls.ca_dir; }),
      of({"tls.publish_dir", kind::path,
          "Where the CA's certificate is put for clients: ca.crt, <hash>.0 and bundle.crt. Default: `publish` in "
          "state_dir."},
         [](auto& s) -> auto& { return s.tls.publish_dir; }),
      of({"tls.certs_dir", kind::path,
          "As docker has it: HOST[:PORT]/*.crt are CAs that are believed for this registry, NAME.cert with NAME.key is "
          "the certificate that regpass shows to it. The keys of a [[registry]] win. Empty: none."},
         [](auto& s) -> auto& { return s.tls.certs_dir; }),
      of({"tls.key_log_file", kind::path,
          "For looking into a capture with Wireshark: the keys of every TLS connection, of clients and to registries, "
          "are appended to this file. Who has it and a capture reads credentials, too. Empty: none."},
         [](auto& s) -> auto& { return s.tls.key_log_file; }),
      of({"tls.fast_aes", kind::boolean,
          "AES-GCM by AVX-512 (VAES) where the processor and this build have it; false leaves all of it to OpenSSL. "
          "Read once, at the start."},
         [](auto& s) -> auto& { return s.tls.fast_aes; }),
  };
}

std::vector<key<settings>> messages_and_end() {
  return {
      of({"explain.annotate", kind::boolean, "Whether the reason of a failure is put into the client's own error."},
         [](auto& s) -> auto& { return s.explain.annotate; }),
      of({"explain.history", kind::integer, "Finished exchanges kept in memory.", 0, 100'000},
         [](auto& s) -> auto& { return s.explain.history; }),
      choice<settings>("log.level", "What is logged; debug has headers, without secrets.", levels,
                       [](auto& s) -> auto& { return s.log.threshold; }),
      choice<settings>("log.format", "JSON lines for programs, or text for people.", formats,
                       [](auto& s) -> auto& { return s.log.style; }),
      of({"drain.idle", kind::duration, "After SIGTERM: ends once nothing was going on for so long.", 0, day},
         [](auto& s) -> auto& { return s.drain.idle; }),
      of({"drain.timeout", kind::duration, "After SIGTERM: ends after this time whatever is going on.", 0, day},
         [](auto& s) -> auto& { return s.drain.timeout; }),
      of({"drain.quit_file", kind::path,
          "Ends as after SIGTERM once there is such a file: for pods whose builder cannot send signals. Empty: none is "
          "looked for."},
         [](auto& s) -> auto& { return s.drain.quit_file; }),
  };
}

std::vector<key<settings>> all() {
  std::vector<key<settings>> out;
  for (auto part : {listeners_and_credentials(), hosts_and_tls(), messages_and_end(), limit_keys()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace

std::span<const key<settings>> keys() {
  static const auto table = all();
  return table;
}

}  // namespace regpass::config
