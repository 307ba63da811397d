// The error body of the distribution API: {"errors":[{"code","message","detail"}]}, read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::registry {

// How deep the JSON of an error may nest. Clients accept more; Boost.JSON's default of 32 would lose messages that they
// show.
inline constexpr std::size_t deepest_body = 512;

struct api_error {
  std::string code;  // "DENIED"
  std::string message;
  std::string detail;  // the member "detail" as JSON text, or empty
};

// Empty when the body is not of that form. Bounded: at most 16 errors, each text at most 512 bytes, cleaned for logs.
std::vector<api_error> parse_errors(std::string_view body);

// Other forms of error bodies: {"details": "…"} (Docker Hub's token service), {"error": "…", "error_description":
// "…"} (OAuth2), {"message": "…"}, the XML of object stores (<Error><Code>…<Message>…: "Code: Message"), a line of
// plain ASCII, and the title of HTML pages. Returns the text, cleaned and capped; empty for binary bodies.
std::string parse_message(std::string_view body);

// The code for an error without one. UNKNOWN, TOOMANYREQUESTS and UNAVAILABLE, which clients treat as temporary, are
// used only for temporary statuses; other 4xx are DENIED, NAME_UNKNOWN or UNSUPPORTED.
std::string_view code_for(int status) noexcept;

}  // namespace regpass::registry
