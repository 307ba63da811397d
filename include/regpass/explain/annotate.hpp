// The explanation inside the client's own error: clients print the status line's reason phrase (BuildKit, ctr) or
// errors[0].message (skopeo, buildah, podman, docker); a refused CONNECT shows its reason phrase in every Go client.
// See README, "How the reason reaches you".
#pragma once

#include "regpass/explain/diagnose.hpp"
#include "regpass/http/message.hpp"

#include <string>
#include <string_view>

namespace regpass::explain {

// One line of printable ASCII, at most 200 characters, ending in " [regpass ID]". A summary that is longer keeps its
// end: names and quotations in it are shortened (explain/brief.hpp), the id never.
std::string one_line(const explanation&, std::string_view id);

struct annotated {
  http::response_head head;  // Content-Length and Content-Type set, no WWW-Authenticate
  std::string body;          // OCI error JSON; not to be sent in answer to HEAD, though Content-Length speaks of it
};

// A response of ours, or a refused one made readable. `status` is what the client gets: never 401 (a 401 makes clients
// start a token dance of their own; it becomes 403). Fields of `original` that are still true are kept
// (Docker-Distribution-Api-Version, Retry-After, Date). Adds X-Regpass-Cause and X-Regpass-Id.
annotated make_error(int status, const explanation&, std::string_view id, const http::fields& original = {});

// Without an explanation (annotate = false): plain status and a generic OCI error, same rules.
annotated make_plain_error(int status, std::string_view message, std::string_view id);

}  // namespace regpass::explain
