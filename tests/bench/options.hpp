// Errors, and command-line options of the form `--name value`.
#pragma once

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

[[noreturn]] inline void fail(const std::string& what) {
  throw std::runtime_error(what);
}

[[noreturn]] inline void fail_system(const std::string& what) {
  fail(what + ": " + std::strerror(errno));
}

[[noreturn]] inline void fail_tls(const std::string& what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_peek_last_error(), reason.data(), reason.size());
  // The error queue is per thread: entries that remain would be attributed to the next connection.
  ERR_clear_error();
  fail(what + ": " + reason.data());
}

class Options {
 public:
  Options(int count, char** words) {
    for (int i = 0; i < count; i += 2) {
      const std::string_view name = words[i];
      if (!name.starts_with("--") || i + 1 == count) fail("expected --name value, got " + std::string(name));
      values_[std::string(name.substr(2))] = words[i + 1];
    }
  }

  [[nodiscard]] std::string text(const std::string& name, std::optional<std::string> otherwise = {}) const {
    if (const auto found = values_.find(name); found != values_.end()) return found->second;
    if (!otherwise) fail("--" + name + " is missing");
    return *otherwise;
  }

  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise) const {
    const std::string word = text(name, std::to_string(otherwise));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) fail("--" + name + " wants a number, got " + word);
    return value;
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace bench
