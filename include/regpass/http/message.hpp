// HTTP heads as values, whatever version carried them (RFC 9110). Field order and duplicates are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::http {

struct field {
  std::string_view name;   // as received; compared without regard to case
  std::string_view value;  // without surrounding blanks
};

// All names and values are stored in one string, so that making or copying a section takes two allocations. Views into
// it are valid until the next change. The bytes of replaced and erased fields stay in the string.
class fields {
  struct place {
    std::uint32_t name_at = 0, name_size = 0, value_at = 0, value_size = 0;
  };

 public:
  class iterator {
   public:
    using value_type = field;
    using reference = field;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;

    iterator() = default;
    iterator(const fields& of, std::vector<place>::const_iterator at) : of_(&of), at_(at) {}
    field operator*() const { return of_->at(*at_); }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) { return {*of_, at_++}; }
    bool operator==(const iterator& other) const { return at_ == other.at_; }

   private:
    const fields* of_ = nullptr;
    std::vector<place>::const_iterator at_;
  };

  // Room for further fields and the bytes of their names and values.
  void reserve(std::size_t more_fields, std::size_t more_bytes);
  void add(std::string_view name, std::string_view value);
  // Replaces all fields of that name by a single one in the position of the first, or appends.
  void set(std::string_view name, std::string_view value);
  std::size_t erase(std::string_view name);
  // Erases the fields whose names are unwanted.
  template <class Unwanted>
  std::size_t erase_if(Unwanted unwanted) {
    return std::erase_if(list_, [&](const place& entry) { return unwanted(at(entry).name); });
  }

  // The first field's value.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  std::vector<std::string_view> all(std::string_view name) const;
  // Elements of a comma-separated list over all fields of that name, blanks trimmed, empty elements skipped (RFC 9110
  // section 5.6.1). Only for lists of tokens: quoted strings are not understood.
  std::vector<std::string_view> tokens(std::string_view name) const;

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  iterator begin() const noexcept { return {*this, list_.begin()}; }
  iterator end() const noexcept { return {*this, list_.end()}; }
  // The bytes of all current names and values.
  std::size_t bytes() const noexcept;

 private:
  field at(const place& entry) const noexcept;
  bool is_named(const place& entry, std::string_view name) const noexcept;
  place keep(std::string_view name, std::string_view value);

  std::string text_;
  std::vector<place> list_;
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

// The head's bytes for HTTP/1.1, including the final empty line. The head is trusted: it comes from a parser or from
// us.
std::string write_head(const request_head&);
std::string write_head(const response_head&);

// The standard phrase of a status ("Forbidden"), or "" for an unknown one.
std::string_view reason_phrase(int status) noexcept;

}  // namespace regpass::http
