// Rewrites Location and Link of a registry's answers for clients that know the registry under another address. Pure.
#pragma once

#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace regpass::forward {

// Where the registry is, and where its client believes it to be: at a mirror's listener, or at the registry's name over
// plain HTTP. For clients that use CONNECT both are the same.
struct facade {
  http::origin registry;
  http::origin shown;
  std::string prefix{};           // the path of a mirror, without slashes at its ends; may be empty
  bool prefix_behind_v2 = false;  // this client sends "/v2/hub/…", not "/hub/v2/…"
  std::string selected{};         // the registry that the client selected by ?ns=; empty: the mirror's own
};

// The path and query at the registry that `reference` points to, in an answer to a request for `asked` (path and query
// as sent upstream); nothing when it names another origin or is not a URL. http://HOST counts as the registry's own
// origin even when it speaks TLS: a registry behind a TLS proxy may not know that it does.
std::optional<std::string> own_target(const http::origin& registry, std::string_view asked, std::string_view reference);

// The reference for the client: unchanged unless following it would bypass regpass or use the wrong scheme.
std::string rewritten(const facade&, std::string_view asked, std::string_view reference);

// Applies `rewritten` to every Location, and to every target in a Link (RFC 8288 section 3).
void rewrite_references(http::fields&, const facade&, std::string_view asked);

}  // namespace regpass::forward
