// A stream of which one call fails: the n-th in a test, for every n.
#pragma once

#include "regpass/net/stream.hpp"

#include <cstddef>
#include <memory>
#include <utility>

namespace regpass::testing {

// Shared by the streams whose calls are counted together. From the failing call on, every call fails, as on a
// connection that has been reset.
struct call_that_fails {
  explicit call_that_fails(std::size_t which) : due(which) {}

  bool is_next() noexcept { return ++made >= due; }
  bool came() const noexcept { return made >= due; }

  std::size_t due;  // from 1
  std::size_t made = 0;
};

class failing_stream final : public net::stream {
 public:
  failing_stream(std::unique_ptr<net::stream> below, std::shared_ptr<call_that_fails> which)
      : below_(std::move(below)), which_(std::move(which)) {}

  async::task<result<std::size_t>> read_some(std::span<char> into) override {
    if (which_->is_next()) co_return std::unexpected(broken());
    auto got = co_await below_->read_some(into);
    co_return got;
  }
  async::task<result<void>> write_all(std::span<const std::string_view> parts) override {
    if (which_->is_next()) co_return std::unexpected(broken());
    auto written = co_await below_->write_all(parts);
    co_return written;
  }
  async::task<result<void>> wait_readable() override {
    if (which_->is_next()) co_return std::unexpected(broken());
    auto ready = co_await below_->wait_readable();
    co_return ready;
  }
  async::task<result<void>> shut_write() override {
    if (which_->is_next()) co_return std::unexpected(broken());
    auto shut = co_await below_->shut_write();
    co_return shut;
  }
  void close() noexcept override { below_->close(); }
  bool stale() noexcept override { return which_->came() || below_->stale(); }
  async::executor get_executor() override { return below_->get_executor(); }

 private:
  static error broken() { return error(errc::reset, party::us, phase::body, "this call was to fail", 0, false); }

  std::unique_ptr<net::stream> below_;
  std::shared_ptr<call_that_fails> which_;
};

}  // namespace regpass::testing
