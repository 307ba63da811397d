// Where log lines go: a file descriptor that may block, fill up or go away without holding up anyone but the writer
// thread.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace regpass::log {

// One line an event. `log` and `flush` are called by the writer thread only, hence no mutex.
class fd_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  fd_sink(int fd, bool owned) noexcept : fd_(fd), owned_(owned) {}
  fd_sink(const fd_sink&) = delete;
  fd_sink& operator=(const fd_sink&) = delete;
  ~fd_sink() override;

  // From now on wait for the other side until `at` only; lines that come later are lost.
  void give_up(std::chrono::steady_clock::time_point at) noexcept { give_up_at_ = at; }
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}
  bool wait_writable() const noexcept;
  bool write_all(std::string_view bytes) noexcept;

  int fd_;
  bool owned_;
  bool in_line_ = false;  // a line was begun and could not be ended
  std::atomic<std::chrono::steady_clock::time_point> give_up_at_{std::chrono::steady_clock::time_point::max()};
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace regpass::log
