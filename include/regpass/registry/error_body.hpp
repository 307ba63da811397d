// The error body of the distribution API: {"errors":[{"code","message","detail"}]}, read and written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regpass::registry {

struct api_error {
  std::string code;  // "DENIED"
  std::string message;
  std::string detail;  // the member "detail" as JSON text, or empty
};

// Empty when the body is not of that form. Bounded: at most 16 errors, each text at most 512 bytes, cleaned for logs.
std::vector<api_error> parse_errors(std::string_view body);

// What else error bodies look like: {"details": "…"} (Docker Hub's token service), {"error": "…", "error_description":
// "…"} (OAuth2), {"message": "…"}, the XML of object stores (<Error><Code>…<Message>…: "Code: Message"), a line of
// plain ASCII, and of pages for people the title. The text, cleaned and capped, or empty, which binary bodies are.
std::string parse_message(std::string_view body);

// The code a status goes with: 401 UNAUTHORIZED, 403 DENIED, 404 NAME_UNKNOWN, 429 TOOMANYREQUESTS, 503 UNAVAILABLE,
// else UNKNOWN.
std::string_view code_for(int status) noexcept;
std::string write_error(std::string_view code, std::string_view message);

}  // namespace regpass::registry
