// The token request as a value, the answer as a value (distribution: token authentication specification; OAuth2
// variant).
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/base/time.hpp"
#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"
#include "regpass/options/limits.hpp"
#include "regpass/registry/scope.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::auth {

struct token_request {
  enum class form : std::uint8_t { get, post };
  form how = form::get;
  http::absolute_url realm;
  std::string service;
  registry::scope_set scopes;
  credential_ptr credential;  // null: anonymous

  bool operator==(const token_request&) const = default;
};
// GET for basic and anonymous, POST for an identity token.
token_request::form first_form(const credential_ptr&) noexcept;
// A user and a password fit into both forms, and so does an identity token.
bool has_other_form(const credential_ptr&) noexcept;

// What goes on the wire. Parameters are encoded one by one; a query in the realm is kept, but for parameters of ours in
// it. GET: repeated scope=, `service`, `account` when there is a user, Authorization: Basic. POST: a form with one
// blank-separated scope, grant_type password or refresh_token, client_id=regpass. Never asks for an offline token.
struct wire_request {
  http::request_head head;  // Host included
  secret authorization;     // value of the Authorization field, kept apart from the head; empty: none
  secret body;
};
wire_request render(const token_request&);

// The claims of a JWT, read without verifying (only the registry can verify). Nothing here is secret.
struct claims {
  std::string issuer;
  std::vector<std::string> audience;
  std::string subject;
  std::optional<registry::scope_set> access;  // absent: the token does not say
  std::optional<std::int64_t> issued_at;      // seconds since the epoch, as written
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> expires_at;

  bool operator==(const claims&) const = default;
};
std::optional<claims> read_claims(std::string_view token);

struct token {
  secret value;
  registry::scope_set asked;
  token_request::form how = token_request::form::get;  // was asked for
  std::optional<registry::scope_set> granted;  // from the claims, else the answer's `scope`; absent when neither says
  std::optional<auth::claims> claims;
  steady_time obtained_at;  // when it was asked for: its life began no earlier
  // Clamped to [1 s, 24 h]; the shorter of expires_in and exp - iat, else the one that is there, else 60 s. It ages by
  // our own steady clock from then on, so other clocks and `issued_at` do not matter.
  std::chrono::seconds life{60};

  // Not sent any more a little earlier than it ends, lest it end on the way: a tenth, at most 5 s.
  bool expired(steady_time now) const noexcept {
    const std::chrono::milliseconds whole = life;
    return now >= obtained_at + whole - std::min(whole / 10, std::chrono::milliseconds(5'000));
  }
  // From seven to eight tenths of its life on: which of them is the chance of the microsecond it was asked for in, so
  // that pods that were started together do not come again together.
  bool renewal_due(steady_time now) const noexcept {
    using namespace std::chrono;
    const auto spread = duration_cast<microseconds>(obtained_at.time_since_epoch()).count() % 100;
    return now >= obtained_at + milliseconds(life) * (800 - spread) / 1000;
  }
};
using token_ptr = std::shared_ptr<const token>;

struct token_failure {
  enum class kind : std::uint8_t {
    rejected,    // 401, or 400 that blames the credential: it is not accepted
    forbidden,   // 403 and other 4xx: accepted, but not for this scope; or a policy
    wrong_form,  // 400, 404, 405 (and 401 to POST, unless it carried an identity token): another form may work
    busy,        // 408, 429, 5xx
    no_token,    // 200 without a usable token: HTML, other JSON, control bytes, too large
    transport    // no answer; `problem` says why
  };
  kind what = kind::no_token;
  int status = 0;
  std::string message;  // the server's words, cleaned, our secret masked; no_token: what came instead
  std::string code{};   // of the first error of a body in the registry's form
  std::string content_type{};
  std::optional<error> problem;  // transport
  std::optional<std::chrono::seconds> retry_after;
};

// "rejected", "wrong_form" …
std::string_view name_of(token_failure::kind) noexcept;
std::optional<token_failure::kind> failure_kind(std::string_view name) noexcept;

// Which of two failures of one endpoint says more about the credential: a verdict on it before a bare 400, that before
// trouble, and last 404 and 405, by which an endpoint says only that it does not know the form.
int telling_rank(token_failure::kind, int status) noexcept;

struct token_answer {
  token_ptr token;  // null: see failure
  std::optional<token_failure> failure;
};

using options::token_limits;

// Reads the whole answer. `body` is within response_bytes. A token must be of visible ASCII (T13). `now.steady` is when
// it was asked for, `now.wall` when it came.
token_answer read_answer(const token_request&, const http::response_head&, std::string_view body, instant now,
                         const token_limits& = {});

}  // namespace regpass::auth
