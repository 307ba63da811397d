// What several causes look for in the facts. Structure, status and codes; words only to tell apart what those leave
// open.
#pragma once

#include "diagnosis/causes/facts.hpp"
#include "regpass/auth/challenge.hpp"

#include <initializer_list>
#include <string_view>
#include <vector>

namespace regpass::diagnosis {

// Our credential took part in the request that decided.
bool used_credential(const facts&);
// The request went out without any credential, because there was none.
bool was_anonymous(const facts&);
// regpass adds no credential: the registry is only observed, or the request looks like a build step's ("step").
bool adds_nothing(const evidence&);
// The client's own Authorization went upstream.
bool used_clients_own(const facts&);
// The credential is a token that goes to the registry as it is.
bool is_ready_made(const facts&);

bool token_rejected(const facts&);   // the token server does not accept the credential
bool token_forbidden(const facts&);  // it does, but gives no token for this scope
bool registry_denied(const facts&);  // 401 or 403 by the registry, or by what stands in front of it
bool access_denied(const facts&);    // one of the three
bool between_answered(const facts&);
bool insufficient_scope(const facts&);
bool invalid_token(const facts&);
// None of the schemes that the registry's 401 offers is ours: nothing that regpass has could be sent.
bool wants_other_scheme(const facts&);
// Nobody's token granted all that was needed, or was refused for what it is: a credential would not have helped.
bool anonymous_sufficed(const facts&);
// The token names nobody although it was asked for with a credential.
bool token_is_anonymous(const facts&);

// No answer came from the registry itself, or from what stands on the way to it.
const error* upstream_failure(const facts&);
// The proxy that regpass goes out by gave no way, be it to the registry or to its token server.
const error* proxy_failure(const facts&);
// The registry's answer when it decided, else null.
const answered_step* deciding_answer(const facts&);
// What its last answer demands, as far as it can be read.
std::vector<auth::challenge> challenges_in(const facts&);

// The refuser's words, code and details in lower case; whether they hold one of these.
bool says(const facts&, std::initializer_list<std::string_view> any_of);
// The code of the refuser's first error: "NAME_UNKNOWN".
bool has_code(const facts&, std::string_view code);
// Status of the token server's refusal, of the registry's answer that decided; 0: it was another's.
int token_status(const facts&);
int registry_status(const facts&);
bool is_write(const facts&);         // POST, PUT, PATCH
bool is_manifest_put(const facts&);  // the tag or manifest itself
// The realm's host and path, as the token was asked for; empty when none was.
std::string_view realm_path(const facts&);
// The token used grants all that was needed; something of it lacks.
bool granted_all(const facts&);
bool granted_too_little(const facts&);

// The refuser's words speak of the token's scope, or of rights that an accepted identity lacks.
bool speaks_of_scope(const facts&);
bool speaks_of_rights(const facts&);

}  // namespace regpass::diagnosis
