// HTTP/1.1 messages off a test's wire: what came, as it came, with length and digest of bodies of any size.
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
  std::string head;    // byte for byte, the empty line included
  std::string method;  // of a request
  std::string target;
  int status = 0;  // of a response; 0: none came
  std::string reason;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;             // its first 64 KiB
  std::uint64_t body_size = 0;  // of what came
  std::string sha256;           // of what came, in hex
  bool complete = false;        // the body came to its end

  std::vector<std::string> all(std::string_view name) const;
  // The values of all fields of that name, joined by ", "; nothing when there is none.
  std::optional<std::string> field(std::string_view name) const;
  bool has(std::string_view name) const { return field(name).has_value(); }
};

class message_reader {
 public:
  enum class kind { request, response };
  message_reader(wire& from, kind what);
  ~message_reader();

  // False when the connection ended before a head did. `answers`: the method that a response answers.
  bool read_head(message& into, std::string_view answers = "GET");
  // Reads the rest; false when it was cut off.
  bool read_body(message& into);
  // What came behind the message, taken away.
  std::string take_rest() { return std::exchange(pending_, {}); }

 private:
  struct parsing;
  bool more();
  wire& from_;
  kind what_;
  std::string pending_;
  std::unique_ptr<parsing> parsing_;
};

std::string sha256_of(std::string_view bytes);
// Bytes of a body that say where they stand, so that one that is lost, doubled or moved shows.
std::string pattern(std::uint64_t from, std::size_t size);
// The digest of pattern(0, size).
std::string sha256_of_pattern(std::uint64_t size);

}  // namespace regpass::testing
