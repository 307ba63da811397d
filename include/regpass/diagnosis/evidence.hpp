// What regpass observed of one exchange: the single record from which log line, explanation and the client's error are
// made. Bounded, without secrets (no type here can hold one), and the same whether just observed or read back from a
// log line.
//
// Every struct is followed by the table of its fields. JSON in both directions, the text of a step and the members of
// an HTTP Archive are derived from it, so a new fact is a member, its row here, and the line of forward::recorder that
// sets it.
#pragma once

#include "diagnosis/record/field.hpp"
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
  std::string request;  // "PUT /v2/team-a/app/manifests/1", query masked
  keyword<authorization_kind> authorization;
  bool probe = false;
  bool reused = false;    // on a pooled connection
  std::string http{};     // "1.1" or "2"
  std::string address{};  // the peer's
  std::string tls{};      // the version; empty: plain HTTP
  // How long it took to establish the connection; absent when it existed already.
  std::optional<std::int64_t> resolve_ms{};
  std::optional<std::int64_t> connect_ms{};
  std::optional<std::int64_t> tls_ms{};
  bool explains = false;  // a refused HEAD repeated as GET, because only that has a body that states the reason
};
template <class V, maybe_const<sent_step> S>
void fields(V& v, S& s) {
  v("request", s.request);
  v("authorization", s.authorization, shown{.har = "authorization"});
  v("probe", s.probe);
  v("reused", s.reused, shown{.text = ", on an open connection", .har = "reused_connection"});
  v("http", s.http);
  v("address", s.address, shown{.har = "address"});
  v("tls", s.tls, shown{.har = "tls"});
  v("resolve_ms", s.resolve_ms);
  v("connect_ms", s.connect_ms);
  v("tls_ms", s.tls_ms);
  v("explains", s.explains);
}

// The head of an answer arrived, and of a refusal the beginning of its body.
struct answered_step {
  int status = 0;
  std::string server;  // Server and Via fields
  std::string content_type;
  bool api_version = false;             // it has Docker-Distribution-Api-Version, so a registry sent it
  std::vector<std::string> challenges;  // WWW-Authenticate, cleaned
  std::string challenge_error;          // error= of the Bearer challenge
  std::vector<registry::api_error> errors;
  std::string message;                             // any other text of the body, cleaned and limited in length
  std::optional<std::int64_t> clock_difference_s;  // Date field minus our clock
  std::string location{};                          // Location, masked
  bool location_served = false;                    // regpass serves the registry that Location names
  std::string allow{};                             // Allow, of a 405
  std::string rate_limit{};                        // ratelimit-limit: "100;w=21600"
  std::string rate_remaining{};                    // ratelimit-remaining: "0;w=21600"
  std::string rate_source{};  // docker-ratelimit-source: the address that anonymous pulls are counted for
};
template <class V, maybe_const<answered_step> S>
void fields(V& v, S& s) {
  v("status", s.status);
  v("server", s.server, shown{.text = ", server {}", .header = "Server"});
  v("content_type", s.content_type, shown{.text = ", {}", .header = "Content-Type", .in_text = !s.api_version});
  v("api_version", s.api_version, shown{.header = "Docker-Distribution-Api-Version", .header_value = "registry/2.0"});
  v("challenges", s.challenges, shown{.text = ", challenge: {}", .header = "WWW-Authenticate"});
  v("challenge_error", s.challenge_error);
  v("errors", s.errors);
  v("message", s.message);
  v("clock_difference_s", s.clock_difference_s, shown{.text = ", clock {:+} s"});
  v("location", s.location, shown{.text = ", to {}", .header = "Location"});
  v("location_served", s.location_served);
  v("allow", s.allow, shown{.text = ", allows {}", .header = "Allow"});
  v("rate_limit", s.rate_limit,
    shown{.text = ", rate limit {}", .header = "ratelimit-limit", .in_text = !s.rate_remaining.empty()});
  v("rate_remaining", s.rate_remaining, shown{.text = ", left {}", .header = "ratelimit-remaining"});
  v("rate_source", s.rate_source, shown{.text = ", counted for {}", .header = "docker-ratelimit-source"});
}

struct realm_step {
  std::string realm;
  bool allowed = false;
  std::string why;
  std::string config_line;
};
template <class V, maybe_const<realm_step> S>
void fields(V& v, S& s) {
  v("realm", s.realm);
  v.always("allowed", s.allowed);
  v("why", s.why);
  v("config_line", s.config_line);
}

struct token_request_step {
  std::string method;  // GET | POST
  std::string realm;
  std::string service;
  std::string scope;  // blank-separated
  keyword<authorization_kind> credential;
};
template <class V, maybe_const<token_request_step> S>
void fields(V& v, S& s) {
  v("method", s.method);
  v("realm", s.realm);
  v("service", s.service);
  v("scope", s.scope);
  v("credential", s.credential, shown{.har = "credential_kind"});
}

struct token_answer_step {
  int status = 0;
  keyword<auth::token_failure::kind> failure;  // empty: a token was granted
  std::string message;
  std::optional<std::string> granted;  // blank-separated; absent when the token is opaque
  std::optional<auth::claims> claims;
  std::int64_t expires_in_s = 0;
  std::string code{};          // of the first error of a body in the registry's form: "NAME_INVALID"
  std::string content_type{};  // of a failure
};
template <class V, maybe_const<token_answer_step> S>
void fields(V& v, S& s) {
  v("status", s.status);
  v("failure", s.failure, shown{.har = "failure"});
  v("message", s.message);
  v("code", s.code);
  v("content_type", s.content_type);
  v("granted", s.granted);
  v("claims", s.claims);
  v("expires_in_s", s.expires_in_s);
}

// A token that regpass had already: from the cache, or one that is the credential itself.
struct cached_token_step {
  std::string scope;
  std::optional<std::string> granted;
  std::int64_t expires_in_s = 0;  // remaining life; negative: expired
  std::optional<auth::claims> claims;
};
template <class V, maybe_const<cached_token_step> S>
void fields(V& v, S& s) {
  v("scope", s.scope);
  v("granted", s.granted);
  v("expires_in_s", s.expires_in_s);
  v("claims", s.claims);
}

// There was no answer: name resolution, connection, TLS, a malformed message, a timeout; or the client's side failed
// (party::client).
struct failed_step {
  error problem;
};
template <class V, maybe_const<failed_step> S>
void fields(V& v, S& s) {
  v.always("code", s.problem.code);
  v.always("party", s.problem.who);
  v.always("phase", s.problem.when);
  v("detail", s.problem.detail);
  v("os", s.problem.os);
  v("answer_started", s.problem.answer_started);
}

// regpass refused the request itself.
struct policy_step {
  std::string why;     // a sentence: "push to team-b/app is not allowed by policy"
  std::string remedy;  // what would allow it, as an instruction: "add push = ["team-b/app"] under …"; may be empty
};
template <class V, maybe_const<policy_step> S>
void fields(V& v, S& s) {
  v("why", s.why);
  v("remedy", s.remedy, shown{.text = "; {}"});
}

// The mount of a blob was turned into an upload.
struct mount_step {
  std::string from;
  std::string why;
};
template <class V, maybe_const<mount_step> S>
void fields(V& v, S& s) {
  v("from", s.from);
  v("why", s.why);
}

using step = std::variant<sent_step, answered_step, realm_step, token_request_step, token_answer_step,
                          cached_token_step, failed_step, policy_step, mount_step>;

struct timed_step {
  std::int64_t at_ms = 0;  // since the exchange began
  diagnosis::step step;
};

struct evidence {
  std::string id;
  keyword<client_mode> mode;
  std::string client;  // address of the peer
  std::string registry;
  std::string repository;
  keyword<registry::action> action;  // empty when the request was no API request
  std::string method;
  std::string path;  // query masked
  keyword<injection_mode> injection = injection_mode::replace;
  std::optional<wall_time> began_at;

  // The credential that was chosen, without its value. `source` is empty when there was none; `missing` says why.
  std::string source;
  std::string key;
  std::string username;
  keyword<auth::credential_kind> credential_kind;
  std::string client_username;  // of the credential that the client sent itself, from Basic or from a token's claims
  auth::absence missing = auth::absence::none;
  std::vector<auth::considered> others;
  std::vector<std::string> searched;  // files and directories that were searched for credentials

  // What the configuration has for the host. `unserved`: it has no entry, only those in `entries` (the first few).
  bool unserved = false;
  std::vector<std::string> entries;
  keyword<entry_kind> tls_entry;  // the request was plain HTTP, but this kind of entry serves the host over TLS
  std::string ca_file;            // in force for it
  std::string client_cert_file;   // likewise
  keyword<upstream_route> way;    // empty: no upstream proxy is configured

  // The manifest that was pushed and refused, as far as it was inspected.
  std::int64_t manifest_bytes = 0;
  std::string manifest_type;           // its Content-Type
  std::string manifest_flaw;           // "it names no config"
  bool blob_pushed_meanwhile = false;  // to the same repository, between its first byte and its answer

  registry::scope_set needed;
  std::vector<timed_step> steps;  // at most 32; the last are kept
  int status = 0;                 // what the client got; 0: nothing (connection cut)
  bool judged_fine = false;       // read from a log line without explanation that has too little to diagnose again
};

template <class V, maybe_const<auth::considered> S>
void fields(V& v, S& s) {
  v("source", s.source);
  v("key", s.key);
  v("why", s.why);
}

// The members with which every exchange line begins.
template <class V, maybe_const<evidence> E>
void request_fields(V& v, E& e) {
  v("id", e.id);
  v("mode", e.mode);
  v("client", e.client);
  v("registry", e.registry);
  v("repository", e.repository);
  v("action", e.action);
  v("method", e.method);
  v("path", e.path);
}

template <class V, maybe_const<evidence> E>
void fields(V& v, E& e) {
  request_fields(v, e);
  v.always("status", e.status);
  v("injection", e.injection);
  v("began_at", e.began_at);
  v("unserved", e.unserved);
  v("entries", e.entries);
  v("tls_entry", e.tls_entry);
  v("ca_file", e.ca_file);
  v("client_cert_file", e.client_cert_file);
  v("way", e.way);
  v.group("credential", [&](auto& group) {
    group("source", e.source);
    group("key", e.key);
    group("username", e.username);
    group("kind", e.credential_kind);
    group("client_username", e.client_username);
    group("missing", e.missing);
    group("others", e.others);
    group("searched", e.searched);
  });
  v.group("manifest", [&](auto& group) {
    group("bytes", e.manifest_bytes);
    group("type", e.manifest_type);
    group("flaw", e.manifest_flaw);
    group("blob_pushed_meanwhile", e.blob_pushed_meanwhile);
  });
  v.group("scope", [&](auto& group) { group("needed", e.needed); });
}

void make_room(evidence&);  // for one more step: drops the oldest when the bound is reached
template <class Step>
void add(evidence& e, std::int64_t at_ms, Step added) {
  make_room(e);
  e.steps.emplace_back(at_ms, std::move(added));
}

// The `handshake` list of an exchange line: one object per step, whose member "step" names its kind.
boost::json::array handshake_json(const evidence&);
// The whole record in both directions. Its members are named as in the log's exchange line, so from_json reads such a
// line as well. Reading never fails on content: what is missing or of another type stays at its default, and text is
// cleaned. errc::bad_input only when the value is not an object.
boost::json::object to_json(const evidence&);
result<evidence> from_json(const boost::json::value&);

}  // namespace regpass::diagnosis
