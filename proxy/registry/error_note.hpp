// A sentence of ours inside an error body of the registry, with everything that the registry said still there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regpass::registry {

// The body as the distribution API's errors: `sentence` stands before the first error's message, and all other errors,
// codes, details and members stay. Bodies of other forms (other JSON, text, pages) become one error whose message is
// the sentence and their words; other members of a JSON object stay beside it. `code` is for a first error without one.
// Words that the sentence quotes already are not repeated. Nothing when the body is binary.
std::optional<std::string> add_sentence(std::string_view body, std::string_view sentence, std::string_view code);

}  // namespace regpass::registry
