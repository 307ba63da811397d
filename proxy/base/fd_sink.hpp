// Where log lines go: a file descriptor that may block, fill up or go away without holding up anyone but the writer
// thread.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace regpass::log {

// One line an event, and one write for the lines of a few milliseconds. `log` and `flush` are called by the writer
// thread only, hence no mutex.
class fd_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  // `more` says whether another line is on its way already.
  fd_sink(int fd, bool owned, std::function<bool()> more) : fd_(fd), owned_(owned), more_(std::move(more)) {}
  fd_sink(const fd_sink&) = delete;
  fd_sink& operator=(const fd_sink&) = delete;
  ~fd_sink() override;

  // From now on wait for the other side until `at` only; lines that come later are lost.
  void give_up(std::chrono::steady_clock::time_point at) noexcept { give_up_at_ = at; }
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override { write_batch(); }
  void write_batch() noexcept;
  bool goes_on() const;  // more lines come before it is time to write
  bool wait_writable() const noexcept;
  std::string_view write_all(std::string_view bytes) noexcept;  // what could not be written

  int fd_;
  bool owned_;
  std::function<bool()> more_;
  std::string batch_;
  std::chrono::steady_clock::time_point begun_;  // the batch's first line
  bool in_line_ = false;                         // a line was begun and could not be ended
  std::atomic<std::chrono::steady_clock::time_point> give_up_at_{std::chrono::steady_clock::time_point::max()};
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace regpass::log
