// Reads HTTP/1.1 messages from a test's connection, unmodified, with the length and digest of bodies of any size.
#pragma once

#include "wire.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::testing {

struct message {
  std::string head;    // byte for byte, including the empty line
  std::string method;  // of a request
  std::string target;
  int status = 0;  // of a response; 0 if none arrived
  std::string reason;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;             // its first 64 KiB
  std::uint64_t body_size = 0;  // of what was received
  std::string sha256;           // of what was received, in hex
  bool complete = false;        // the body was received completely

  std::vector<std::string> all(std::string_view name) const;
  // The values of all fields with this name, joined with ", ", or nullopt.
  std::optional<std::string> field(std::string_view name) const;
  bool has(std::string_view name) const { return field(name).has_value(); }
};

class message_reader {
 public:
  enum class kind { request, response };
  message_reader(wire& from, kind what);
  ~message_reader();

  // False if the connection ended before the end of a head. `answers`: the method of the request that is answered.
  bool read_head(message& into, std::string_view answers = "GET");
  // Reads the rest of the body; false if it was truncated.
  bool read_body(message& into);
  // Takes the bytes that were received after the message.
  std::string take_unread() { return std::exchange(pending_, {}); }

 private:
  struct parsing;
  bool more();
  wire& from_;
  kind what_;
  std::string pending_;
  std::unique_ptr<parsing> parsing_;
};

std::string sha256_of(std::string_view bytes);
// Body bytes that encode their position, so that lost, duplicated or moved bytes are detected.
std::string pattern(std::uint64_t from, std::size_t size);
// The digest of pattern(0, size).
std::string sha256_of_pattern(std::uint64_t size);

}  // namespace regpass::testing
