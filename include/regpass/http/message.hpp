// HTTP heads as values, whatever version carried them (RFC 9110). Field order and duplicates are kept.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::http {

struct field {
  std::string name;   // as received; compared without regard to case
  std::string value;  // without surrounding blanks
};

class fields {
 public:
  void add(std::string_view name, std::string_view value);
  // Replaces all fields of that name by one at the place of the first, or appends.
  void set(std::string_view name, std::string_view value);
  std::size_t erase(std::string_view name);

  // The first field's value. The view lives until the next change.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  std::vector<std::string_view> all(std::string_view name) const;
  // Elements of a comma-separated list over all fields of that name, blanks trimmed, empty elements skipped (RFC 9110
  // section 5.6.1). Only for lists of tokens: quoted strings are not understood.
  std::vector<std::string_view> tokens(std::string_view name) const;

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }

 private:
  std::vector<field> list_;
};

struct request_head {
  std::string method;
  std::string target;  // as on the request line: origin, absolute, authority or asterisk form
  int minor = 1;       // HTTP/1.minor; HTTP/2 counts as 1
  fields headers;
};

struct response_head {
  int status = 0;
  std::string reason;
  int minor = 1;
  fields headers;
};

inline bool is_interim(const response_head& head) noexcept {
  return head.status >= 100 && head.status < 200;
}

// The head's bytes for HTTP/1.1, final empty line included. The model is trusted: it came from a parser or from us.
std::string write_head(const request_head&);
std::string write_head(const response_head&);

// The standard phrase of a status ("Forbidden"), or "" for an unknown one.
std::string_view reason_phrase(int status) noexcept;

}  // namespace regpass::http
