// HTTP/1.1 over one TLS connection, for both ends: one message at a time in each direction.
#pragma once

#include "secure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

inline std::optional<std::string_view> header(std::string_view head, std::string_view name) {
  for (auto end = head.find("\r\n"); end != std::string_view::npos; end = head.find("\r\n")) {
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.size() <= name.size() || line[name.size()] != ':' || !alike(line.substr(0, name.size()), name)) continue;
    std::string_view value = line.substr(name.size() + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }
  return {};
}

inline std::uint64_t number_in(std::string_view digits, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) fail("not a number: " + std::string(digits));
  return value;
}

inline std::string rendered(const Request& request) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.path, request.authority);
  if (!request.authorization.empty()) head += "Authorization: " + request.authorization + "\r\n";
  if (request.method == "GET") head += fmt::format("Accept: {}\r\n", accepted);
  if (request.method != "GET") head += "Content-Length: " + std::to_string(request.body) + "\r\n";
  return head + "\r\n";
}

inline std::string rendered(const Answer& answer) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, answer.status < 300 ? "OK" : "Refused");
  for (const auto& [name, value] : answer.fields) head += fmt::format("{}: {}\r\n", name, value);
  const std::uint64_t length = answer.text.empty() ? answer.filler : answer.text.size();
  return head + fmt::format("content-length: {}\r\n\r\n", length) + answer.text;
}

/// Nothing here blocks: `send` and `receive` make progress and return false if they must wait for the socket.
class H1 {
 public:
  explicit H1(Secure secure) : secure_(std::move(secure)) {}

  [[nodiscard]] Secure& secure() { return secure_; }

  /// A head with a small body appended, followed by this many bytes of filler.
  void queue(std::string head, std::uint64_t body) {
    out_ = std::move(head);
    to_send_ = body;
  }

  /// True once the whole queued message has been handed to the kernel.
  bool send() {
    while (!out_.empty() || to_send_ > 0) {
      const bool in_head = !out_.empty();
      const auto size = in_head ? out_.size() : std::min<std::size_t>(to_send_, turn);
      if (!secure_.write({in_head ? out_.data() : filler().data(), size})) return false;
      if (in_head)
        out_.clear();
      else
        to_send_ -= size;
    }
    return secure_.flush();
  }

  /// True once a complete message has been received.
  bool receive() {
    static thread_local std::array<char, record> scratch;
    while (head_.empty() || unread_ > 0) {
      std::size_t fresh = secure_.read(scratch.data(), scratch.size());
      if (fresh == 0) return false;
      if (head_.empty()) {
        partial_.append(scratch.data(), fresh);
        const auto end = partial_.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        head_ = partial_.substr(0, end + 2);
        fresh = partial_.size() - end - 4;
        partial_.clear();
        if (header(head_, "Transfer-Encoding")) fail("a body without Content-Length: " + head_);
        unread_ = body_ = number_in(header(head_, "Content-Length").value_or("0"));
      }
      if (fresh > unread_) fail("more bytes than the message announced");
      unread_ -= fresh;
    }
    return true;
  }

  /// Takes the head of the message that `receive` has completed, after which the next message can be received.
  std::string take() { return std::exchange(head_, {}); }
  [[nodiscard]] std::uint64_t body() const { return body_; }

 private:
  Secure secure_;
  std::string out_;
  std::uint64_t to_send_ = 0;
  std::string partial_;
  std::string head_;
  std::uint64_t body_ = 0;
  std::uint64_t unread_ = 0;
};

}  // namespace bench
