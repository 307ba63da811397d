#include "regpass/base/log.hpp"

#include "base/fd_sink.hpp"
#include "base/log_members.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"

#include <fcntl.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

namespace regpass::log {
namespace {

constexpr std::size_t queue_lines = 1024;
constexpr auto patience = std::chrono::milliseconds(900);  // of `stop`; with one poll of the sink less than a second

struct writer {
  std::shared_ptr<fd_sink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;

  std::uint64_t lost() const { return sink->lost() + pool->overrun_counter(); }
};

struct state {
  std::mutex mutex;
  std::unique_ptr<writer> running;  // under the mutex
  std::uint64_t lost_before = 0;    // of earlier writers, under the mutex
};

state& shared() {
  static state process_wide;
  return process_wide;
}

std::atomic<int> lowest = static_cast<int>(level::info);
std::atomic<format> style = format::json;
std::atomic<bool> started = false;

// The writer thread blocks all signals: they are handled by the server's threads, and SIGPIPE must not end the process.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

result<int> open_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO without a reader must fail, not hang.
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);
  if (fd >= 0) return fd;
  const int os = errno;
  auto failed = fail(errc::bad_input,
                     "cannot open log file " + clean(path.string()) + ": " + std::generic_category().message(os));
  failed.error().os = os;
  return failed;
}

std::string dropped_line(std::uint64_t count, wall_time since) {
  boost::json::object more;
  more["count"] = count;
  more["since"] = rfc3339(since);
  return line(style, level::warn, "log-dropped",
              std::to_string(count) + " lines of the log were dropped since " + rfc3339(since) +
                  ": whoever reads it was too slow, or could not be written to",
              more, rfc3339(now().wall));
}

std::unique_ptr<writer> make_writer(int fd, bool owned) {
  auto w = std::make_unique<writer>();
  w->pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1, block_signals);
  // The pool's thread calls this, and nothing else: the pool is there.
  auto* pool = w->pool.get();
  w->sink =
      std::make_shared<fd_sink>(fd, owned,
                                fd_sink::queue{.more = [pool] { return pool->queue_size() > 0; },
                                               .overrun = [pool] { return std::uint64_t{pool->overrun_counter()}; },
                                               .notice = dropped_line});
  w->logger = std::make_shared<spdlog::async_logger>("regpass", w->sink, w->pool,
                                                     spdlog::async_overflow_policy::overrun_oldest);
  w->logger->set_level(spdlog::level::trace);
  w->logger->set_error_handler([](const std::string&) {});
  return w;
}

void hand_over(std::string_view text) {
  const std::lock_guard lock(shared().mutex);
  if (shared().running) {
    shared().running->logger->log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
  }
}

}  // namespace

result<void> start(const options& o) {
  stop();
  auto fd = o.file.empty() ? result<int>(STDOUT_FILENO) : open_file(o.file);
  if (!fd) return std::unexpected(fd.error());
  try {
    auto w = make_writer(*fd, !o.file.empty());
    const std::lock_guard lock(shared().mutex);
    shared().running = std::move(w);
  } catch (const std::exception& e) {  // no thread to be had
    return fail(errc::io, std::string("cannot start the log: ") + e.what());
  }
  style = o.style;
  set_threshold(o.threshold);
  started = true;
  return {};
}

void stop() {
  std::unique_ptr<writer> w;
  {
    const std::lock_guard lock(shared().mutex);
    started = false;
    w = std::move(shared().running);
  }
  if (!w) return;
  w->sink->give_up(std::chrono::steady_clock::now() + patience);
  w->logger->flush();  // queued as the last one: by the writer thread, for which there is no SIGPIPE
  const auto overrun = w->pool->overrun_counter();
  w->pool.reset();  // joins the thread once the queue is empty, which the sink's giving up bounds
  const std::lock_guard lock(shared().mutex);
  shared().lost_before += w->sink->lost() + overrun;
}

void set_threshold(level l) noexcept {
  lowest = static_cast<int>(l);
}

level threshold() noexcept {
  return static_cast<level>(lowest.load());
}

bool enabled(level l) noexcept {
  return started && static_cast<int>(l) <= lowest;
}

void write(level l, std::string_view event, std::string_view msg, const boost::json::object& more) {
  if (enabled(l)) hand_over(line(style, l, event, msg, more, rfc3339(now().wall)));
}

void write(level l, std::string_view event, std::string_view msg, const members& more) {
  if (!enabled(l)) return;
  static thread_local std::string text;  // keeps its memory for the next line
  put_line(text, style, l, event, msg, more, rfc3339(now().wall));
  hand_over(text);
}

std::uint64_t dropped() noexcept {
  const std::lock_guard lock(shared().mutex);
  return shared().lost_before + (shared().running ? shared().running->lost() : 0);
}

}  // namespace regpass::log
