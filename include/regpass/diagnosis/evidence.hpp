// What happened to one exchange, as it was seen: the one record that log, explanation and the client's error are made
// from. Bounded, without secrets (no type here can hold one), and the same whether just observed or read back from a
// log line.
#pragma once

#include "regpass/auth/choice.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"
#include "regpass/registry/error_body.hpp"
#include "regpass/registry/scope.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace regpass::diagnosis {

// A request went upstream: the client's own, or a probe of /v2/.
struct sent_step {
  std::string request;        // "PUT /v2/team-a/app/manifests/1", query masked
  std::string authorization;  // none | basic | bearer | client
  bool probe = false;
  bool reused = false;    // on a pooled connection
  std::string http{};     // "1.1" or "2"
  std::string address{};  // that was connected to
  std::string tls{};      // the version; empty: plain HTTP
  // How long the connection took to come about; absent when it was there already.
  std::optional<std::int64_t> resolve_ms{};
  std::optional<std::int64_t> connect_ms{};
  std::optional<std::int64_t> tls_ms{};
  bool explains = false;  // sent for the explanation only: a refused HEAD again as GET, for the words of its body
};
// An answer's head came (and of a refusal the beginning of its body).
struct answered_step {
  int status = 0;
  std::string server;  // Server and Via fields
  std::string content_type;
  bool api_version = false;             // Docker-Distribution-Api-Version was there: a registry spoke
  std::vector<std::string> challenges;  // WWW-Authenticate, cleaned
  std::string challenge_error;          // error= of the Bearer challenge
  std::vector<registry::api_error> errors;
  std::string message;                             // other words of the body, cleaned, capped
  std::optional<std::int64_t> clock_difference_s;  // Date field minus our clock
  std::string location{};                          // Location, masked
  bool location_served = false;                    // …and regpass serves the registry that it names
  std::string allow{};                             // Allow, of a 405
  std::string rate_limit{};                        // ratelimit-limit: "100;w=21600"
  std::string rate_remaining{};                    // ratelimit-remaining: "0;w=21600"
  std::string rate_source{};  // docker-ratelimit-source: the address that is counted, of anonymous pulls
};
struct realm_step {
  std::string realm;
  bool allowed = false;
  std::string why;
  std::string config_line;
};
struct token_request_step {
  std::string method;  // GET | POST
  std::string realm;
  std::string service;
  std::string scope;       // blank-separated
  std::string credential;  // none | basic | identity_token
};
struct token_answer_step {
  int status = 0;
  std::string failure;  // "" | rejected | forbidden | wrong_form | busy | no_token | transport
  std::string message;
  std::optional<std::string> granted;  // blank-separated; absent when the token is opaque
  std::optional<auth::claims> claims;
  std::int64_t expires_in_s = 0;
  std::string code{};          // of the first error of a body in the registry's form: "NAME_INVALID"
  std::string content_type{};  // of a failure
};
// A token that was there already: from the cache, or a ready-made one out of the credential.
struct cached_token_step {
  std::string scope;
  std::optional<std::string> granted;
  std::int64_t expires_in_s = 0;  // life left; negative: over
  std::optional<auth::claims> claims;
};
// No answer: name, connection, TLS, broken message, timeout; also the client's own side (party::client).
struct failed_step {
  error problem;
};
// Refused by ourselves.
struct policy_step {
  std::string why;  // a sentence: "push to team-b/app is not allowed by policy"
  std::string
      remedy;  // what would allow it, from its verb: "add push = ["team-b/app"] under [[registry]] …"; may be empty
};
// The mount of a blob was turned into an upload.
struct mount_step {
  std::string from;
  std::string why;
};
using step = std::variant<sent_step, answered_step, realm_step, token_request_step, token_answer_step,
                          cached_token_step, failed_step, policy_step, mount_step>;

struct timed_step {
  std::int64_t at_ms = 0;  // since the exchange began
  diagnosis::step step;
};

struct evidence {
  std::string id;
  std::string mode;    // proxy | transparent | check
  std::string client;  // address of the peer
  std::string registry;
  std::string repository;
  std::string action;  // ping | pull | push | delete | catalog | "" when the request was no API request
  std::string method;
  std::string path;  // query masked
  std::string injection = "replace";
  std::optional<wall_time> began_at;

  // The credential that was chosen, without its value; source empty: none, because `missing`.
  std::string source;
  std::string key;
  std::string username;
  std::string credential_kind;  // basic | identity_token | bearer
  std::string client_username;  // of the credential that the client brought itself, by Basic or by a token's claims
  auth::absence missing = auth::absence::none;
  std::vector<auth::considered> others;
  std::vector<std::string> searched;  // files and directories that were looked at for credentials

  // What the configuration has for the host. `unserved`: no entry serves it, only those in `entries` (the first few).
  bool unserved = false;
  std::vector<std::string> entries;
  std::string tls_entry;         // it was asked in plain HTTP, and over TLS is served by a "registry" or a "credential"
  std::string ca_file;           // in force for it
  std::string client_cert_file;  // likewise
  std::string way;               // where there is a proxy on the way out: "proxy", or "no-proxy" by NO_PROXY

  // The manifest that was pushed and refused, as far as it was looked at.
  std::int64_t manifest_bytes = 0;
  std::string manifest_type;           // its Content-Type
  std::string manifest_flaw;           // "it names no config"
  bool blob_pushed_meanwhile = false;  // to the same repository, between its first byte and its answer

  registry::scope_set needed;
  std::vector<timed_step> steps;  // at most 32; the last are kept
  int status = 0;                 // what the client got; 0: nothing (connection cut)
  bool judged_fine = false;       // read from a log line that explains nothing, and has too little to judge anew
};

void make_room(evidence&);  // for one step more: drops the oldest beyond the bound
template <class Step>
void add(evidence& e, std::int64_t at_ms, Step one) {
  make_room(e);
  e.steps.emplace_back(at_ms, std::move(one));
}

// The `handshake` list of an exchange line: one object a step, member "step" names its kind.
boost::json::array handshake_json(const evidence&);
// The whole record both ways. Its members are named as in the log's exchange line, so that from_json reads such a line
// as well. Reading is total: what is missing or of another type stays at its default, texts are cleaned;
// errc::bad_input only when it is no object at all.
boost::json::object to_json(const evidence&);
result<evidence> from_json(const boost::json::value&);

}  // namespace regpass::diagnosis
