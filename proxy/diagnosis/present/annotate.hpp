// The explanation inside the client's own error message: clients print the status line's reason phrase (BuildKit, ctr)
// or errors[0].message (skopeo, buildah, podman, docker); a refused CONNECT shows its reason phrase in every Go client.
// See README, "How the reason reaches you".
#pragma once

#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace regpass::diagnosis {

// One line of printable ASCII, at most 200 characters, ending in " [regpass ID]". A longer summary keeps its end:
// names and quotations in it are shortened (fit_sentence.hpp), the id never.
std::string one_line(const explanation&, std::string_view id);

// The registry's answer, which the client gets with the explanation added. Empty if regpass itself refused.
struct refused_answer {
  http::fields headers{};
  // Without content coding. Absent when the body cannot be rewritten (too large, or with an unsupported coding); the
  // client then gets the original body.
  std::optional<std::string> body = std::string();
};

struct annotated {
  http::response_head head;  // no WWW-Authenticate, nothing hop-by-hop
  std::string body;          // OCI error JSON; not sent in answer to HEAD, though Content-Length counts it
  // The registry's original body follows the head, and `body` is empty. The fields that describe it are kept.
  bool body_as_received = false;
};

// A response of regpass, or a refusal with the explanation added: the status, fields, error codes, messages and details
// of `original` stay, and the sentence is added to reason phrase, first message and a Warning field. `status` is what
// the client gets: never 401 (a 401 would make clients request a token themselves; it becomes 403). Adds
// X-Regpass-Cause and X-Regpass-Id.
annotated make_error(int status, const explanation&, std::string_view id, const refused_answer& original = {});

// Without an explanation (annotate = false): standard reason phrase and a generic sentence, the same rules, no Warning.
annotated make_plain_error(int status, std::string_view message, std::string_view id,
                           const refused_answer& original = {});

// The value of a Warning field (distribution-spec 1.1, "Warnings") with the sentence of `one_line`. oras and regctl
// print it; regctl stops reading at the first quotation mark, so there is none inside.
std::string warning_value(const explanation&, std::string_view id);

}  // namespace regpass::diagnosis
