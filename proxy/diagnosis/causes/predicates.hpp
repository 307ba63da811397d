// Predicates over the facts that several causes share. They use structure, status and codes; they search text only to
// distinguish cases that those leave open.
#pragma once

#include "diagnosis/causes/facts.hpp"
#include "regpass/auth/challenge.hpp"

#include <initializer_list>
#include <string_view>
#include <vector>

namespace regpass::diagnosis {

// Our credential took part in the request that decided.
bool used_credential(const facts&);
// The request was sent without any credential, because there was none.
bool was_anonymous(const facts&);
// regpass adds no credential: the registry is only observed, or the request looks like a build step.
bool adds_nothing(const evidence&);
// The client's own Authorization was sent upstream.
bool used_clients_own(const facts&);
// The credential is a token that is sent to the registry unchanged.
bool is_ready_made(const facts&);

bool token_rejected(const facts&);   // the token server does not accept the credential
bool token_forbidden(const facts&);  // it accepts it, but issues no token for this scope
bool registry_denied(const facts&);  // 401 or 403 from the registry or from an intermediary
bool access_denied(const facts&);    // one of the three
bool between_answered(const facts&);
bool insufficient_scope(const facts&);
bool invalid_token(const facts&);
// The registry's 401 offers no scheme that regpass supports.
bool wants_other_scheme(const facts&);
// An anonymous token granted everything that was needed, or was refused as invalid: a credential would not have helped.
bool anonymous_sufficed(const facts&);
// The token names no user although it was requested with a credential.
bool token_is_anonymous(const facts&);

// The failure because of which the registry, or an intermediary, sent no answer.
const error* upstream_failure(const facts&);
// The failure of the upstream proxy, on the way to the registry or its token server.
const error* proxy_failure(const facts&);
// The registry's answer when it decided, else null.
const answered_step* deciding_answer(const facts&);
// What its last answer demands, as far as it can be read.
std::vector<auth::challenge> challenges_in(const facts&);

// Whether the refusal's message, codes and details contain one of these (in lower case).
bool says(const facts&, std::initializer_list<std::string_view> any_of);
// Whether the refusal has this error code: "NAME_UNKNOWN".
bool has_code(const facts&, std::string_view code);
// The status with which the token server, or the registry, decided the exchange; 0: somebody else did.
int token_status(const facts&);
int registry_status(const facts&);
bool is_write(const facts&);         // POST, PUT, PATCH
bool is_manifest_put(const facts&);  // the tag or manifest itself
// Host and path of the realm from which the token was requested; empty when none was.
std::string_view realm_path(const facts&);
// The token that was used grants everything that was needed, or lacks something of it.
bool granted_all(const facts&);
bool granted_too_little(const facts&);

// The refusal mentions the token's scope, or permissions that an accepted user lacks.
bool speaks_of_scope(const facts&);
bool speaks_of_rights(const facts&);

}  // namespace regpass::diagnosis
