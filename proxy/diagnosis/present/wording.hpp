// proxy/diagnosis/present: evidence and explanations as text. This header: the phrases of which the sentences of causes
// consist. Variable parts are bounded, so that a sentence keeps its beginning and end.
#pragma once

#include "diagnosis/causes/facts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::diagnosis::words {

// Cut in the middle: for names, whose ends are significant.
std::string shortened(std::string_view text, std::size_t cap);
// Cut at the end: for quoted text.
std::string cut(std::string_view text, std::size_t cap);
// In double quotes, on one line.
std::string quoted(std::string_view text, std::size_t cap = 120);
// A challenge with room for line breaks.
std::string spaced(std::string_view challenge);
// "a, b and c"
std::string listed(const std::vector<std::string>& parts);

std::string host(const facts&);                // "registry.test:5443"
std::string repository(const facts&);          // "team-a/app"
std::string activity(const facts&);            // "the push to team-a/app"
std::string user(const facts&);                // "alice"; "nobody" without a name
std::string secret_kind(const facts&);         // "password", "identity token", "token"
std::string holder(const facts&);              // "the password of alice from /run/secrets/regpass/config.json"
std::string identity(const facts&);            // "as alice (/run/secrets/regpass/config.json)" · "without a credential"
std::string entry(const facts&);               // "the entry "registry.test:5443" in /run/secrets/regpass/config.json"
std::string other_entries(const facts&);       // "there are entries for a.test and b.test"
std::string token_server(const facts&);        // "auth.test"
std::string actions(const registry::scope&);   // "pull and push"
std::string resource(const registry::scope&);  // "team-a/app"

// The message of whoever refused, without the status: `DENIED: requested access to the resource is denied`. May be
// empty.
std::string refusal(const facts&);
std::string refusal(const answered_step&);
// `403 DENIED: "requested access…"` as far as there is a message.
std::string answer(const answered_step&, std::size_t cap = 120);

// The text with its placeholders replaced, see cause. `about`: the fault for {place}, {key} and {detail}.
std::string fill_template(std::string_view text, const facts&, const entry_fault* about = nullptr);

// The same without an exchange: "REGISTRY", "REPOSITORY".
std::string fill_generic(std::string_view text);

// Steps that several causes recommend.
std::string in_registry_table(const facts&, std::string_view line);  // "write LINE under …": where it belongs
std::string check_command(const facts&);                             // empty when there is nothing to check
void advise_check(const facts&, std::vector<std::string>& steps);

// The facts on which an explanation is based, one per line (observations.cpp).
std::vector<std::string> observed(const facts&);

}  // namespace regpass::diagnosis::words
