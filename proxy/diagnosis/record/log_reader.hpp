// Failures out of a log that regpass wrote, whatever else stands in it. Memory is bounded by the longest line that is
// looked at.
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

  // The log's bytes in pieces of any size, then the end.
  void feed(std::string_view bytes);
  void finish();

  std::size_t exchanges() const noexcept { return exchanges_; }
  // Refusals that are in no line of their own (`refusals-counted`).
  std::uint64_t only_counted() const noexcept { return only_counted_; }
  // Lines that are no JSON object: other programs', cut off, too long, not UTF-8. Empty lines do not count.
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
