// The sink of log lines: a file descriptor that may block, fill up or be closed without delaying anything but the
// writer thread.
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

// One line per event, and one write for the lines of a few milliseconds. `log` and `flush` are called by the writer
// thread only, hence no mutex.
class fd_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  struct queue {
    std::function<bool()> more;              // whether another line is already queued
    std::function<std::uint64_t()> overrun;  // lines dropped because it was full
    // The line that reports how many lines were lost since when, written once the sink accepts lines again.
    std::function<std::string(std::uint64_t count, std::chrono::system_clock::time_point since)> notice;
  };
  fd_sink(int fd, bool owned, queue from) : fd_(fd), owned_(owned), from_(std::move(from)) {}
  fd_sink(const fd_sink&) = delete;
  fd_sink& operator=(const fd_sink&) = delete;
  ~fd_sink() override;

  // From now on waits for the sink only until `at`; later lines are lost.
  void give_up(std::chrono::steady_clock::time_point at) noexcept { give_up_at_ = at; }
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override { write_batch(); }
  void write_batch() noexcept;
  void report_losses() noexcept;
  bool goes_on() const;  // more lines come before it is time to write
  bool wait_writable() const noexcept;
  std::string_view write_all(std::string_view bytes) noexcept;  // what could not be written

  int fd_;
  bool owned_;
  queue from_;
  std::chrono::steady_clock::time_point reported_at_ = std::chrono::steady_clock::now();
  std::uint64_t reported_ = 0;                          // of the lost lines
  std::chrono::system_clock::time_point whole_until_ =  // all losses before then have been reported
      std::chrono::system_clock::now();
  std::string batch_;
  std::chrono::steady_clock::time_point begun_;  // the batch's first line
  bool in_line_ = false;                         // a line was written only in part
  std::atomic<std::chrono::steady_clock::time_point> give_up_at_{std::chrono::steady_clock::time_point::max()};
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace regpass::log
