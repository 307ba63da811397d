// A secret value: it cannot be formatted, streamed or compared in variable time, and is wiped when it is destroyed.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace regpass {

class secret {
 public:
  secret() = default;
  explicit secret(std::string_view value);
  secret(const secret&) = default;
  secret(secret&& other) noexcept;
  secret& operator=(const secret& other);
  secret& operator=(secret&& other) noexcept;
  ~secret();

  // The only access to the value. The caller writes it to a connection or into another secret, never into text for
  // people.
  std::string_view expose() const noexcept { return value_; }
  bool empty() const noexcept { return value_.empty(); }
  std::size_t size() const noexcept { return value_.size(); }

  // Constant time in the contents (not in the length).
  friend bool operator==(const secret& a, const secret& b) noexcept;

 private:
  void wipe() noexcept;
  std::string value_;
};

// Overwrites the characters in a way that the optimiser cannot remove, then empties the string.
void wipe(std::string& text) noexcept;

}  // namespace regpass

template <>
struct fmt::formatter<regpass::secret> {
  formatter() = delete;
};
