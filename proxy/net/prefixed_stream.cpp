#include "net/prefixed_stream.hpp"

#include "regpass/async/done_already.hpp"

#include <algorithm>

namespace regpass::net {

namespace {

class prefixed_stream final : public stream {
 public:
  prefixed_stream(std::string prefix, std::unique_ptr<stream> below)
      : prefix_(std::move(prefix)), below_(std::move(below)) {}

  async::task<result<std::size_t>> read_some(std::span<char> into) override {
    if (used_ < prefix_.size()) {
      const auto count = prefix_.copy(into.data(), into.size(), used_);
      used_ += count;
      if (used_ == prefix_.size()) drop_prefix();
      co_return count;
    }
    auto count = co_await below_->read_some(into);
    co_return count;
  }

  async::task<result<void>> write_all(std::span<const std::string_view> parts) override {
    auto written = co_await below_->write_all(parts);
    co_return written;
  }

  async::task<result<void>> wait_readable() override {
    if (used_ < prefix_.size()) return async::done_already();
    return below_->wait_readable();
  }

  int plain_descriptor() noexcept override { return used_ < prefix_.size() ? -1 : below_->plain_descriptor(); }
  async::task<result<void>> wait_writable() override { return below_->wait_writable(); }

  void expect(std::uint64_t bytes) noexcept override {
    const std::uint64_t buffered = prefix_.size() - used_;
    below_->expect(bytes > buffered ? bytes - buffered : 0);
  }

  async::task<result<void>> shut_write() override {
    auto shut = co_await below_->shut_write();
    co_return shut;
  }

  void close() noexcept override { below_->close(); }
  bool stale() noexcept override { return used_ < prefix_.size() || below_->stale(); }
  peer_state probe_peer() noexcept override { return below_->probe_peer(); }
  async::executor get_executor() override { return below_->get_executor(); }

 private:
  void drop_prefix() noexcept {
    prefix_ = std::string();
    used_ = 0;
  }

  std::string prefix_;
  std::size_t used_ = 0;
  std::unique_ptr<stream> below_;
};

}  // namespace

std::unique_ptr<stream> make_prefixed_stream(std::string prefix, std::unique_ptr<stream> below) {
  if (prefix.empty()) return below;
  return std::make_unique<prefixed_stream>(std::move(prefix), std::move(below));
}

}  // namespace regpass::net
