// proxy/diagnosis/record: evidence and its stored forms (JSON, HTTP Archive). This header: evidence from a log of
// regpass, which may contain other lines as well. Memory is bounded by the longest accepted line.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace regpass::diagnosis {

class log_reader {
 public:
  static constexpr std::size_t longest_line = 1024 * 1024;

  // `on_exchange` gets the evidence of each exchange line, cleaned (diagnosis::from_json).
  explicit log_reader(std::function<void(const evidence&)> on_exchange) : on_exchange_(std::move(on_exchange)) {}

  // The log in chunks of any size; `finish` marks the end.
  void feed(std::string_view bytes);
  void finish();

  std::size_t exchanges() const noexcept { return exchanges_; }
  // Refusals that were only counted (`refusals-counted`).
  std::uint64_t only_counted() const noexcept { return only_counted_; }
  // Lines that are not JSON objects: of other programs, truncated, too long, or not UTF-8. Empty lines do not count.
  std::size_t skipped() const noexcept { return skipped_; }

 private:
  void take(std::string_view line);
  bool read(std::string_view text, int depth);

  std::function<void(const evidence&)> on_exchange_;
  std::string pending_;
  bool too_long_ = false;
  std::size_t exchanges_ = 0;
  std::uint64_t only_counted_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace regpass::diagnosis
