// Location and Link of a registry's answers, as a client must read them that knows the registry under another address.
// Pure.
#pragma once

#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace regpass::forward {

// Where the registry is, and where its client thinks it is: a mirror's listener, or the registry's name over plain
// HTTP. Both are the same for a client that came by CONNECT.
struct facade {
  http::origin registry;
  http::origin shown;
  std::string prefix{};           // the path of a mirror, without slashes at its ends; empty: none
  bool prefix_behind_v2 = false;  // "/v2/hub/…", as this client writes it, instead of "/hub/v2/…"
  std::string selected{};         // the registry that the client chose by ?ns=; empty: the mirror's own
};

// The path and query at the registry that `reference`, in an answer to a request for `asked` (path and query as they
// went upstream), stands for; nothing when it names another origin or is no URL. http://HOST is the registry's own
// origin, too, when it speaks TLS: one behind a TLS proxy may not know that (docs/clients.md, Redirects).
std::optional<std::string> own_target(const http::origin& registry, std::string_view asked, std::string_view reference);

// The reference for the client. It is the same text unless following it would lead past regpass or to the wrong scheme.
std::string rewritten(const facade&, std::string_view asked, std::string_view reference);

// Applies `rewritten` to every Location, and to every target in a Link (RFC 8288 section 3).
void rewrite_references(http::fields&, const facade&, std::string_view asked);

}  // namespace regpass::forward
