// A client within this process: `check` sends its requests through the same code that serves real clients.
#pragma once

#include "regpass/transport/exchange.hpp"

#include <cstddef>
#include <string>

namespace regpass::cli {

class local_exchange final : public transport::downstream {
 public:
  // Keeps at most `keep` bytes of the response's body.
  explicit local_exchange(http::request_head head, std::size_t keep = 0) : head_(std::move(head)), keep_(keep) {}

  const http::response_head& response() const noexcept { return response_; }
  const std::string& content() const noexcept { return content_; }

  const http::request_head& head() const noexcept override { return head_; }
  http::framing body() const noexcept override { return {}; }
  async::task<result<std::string_view>> read() override;
  const http::fields& trailers() const noexcept override { return trailers_; }
  async::task<result<void>> inform(http::response_head interim) override;
  async::task<result<void>> respond(http::response_head head, http::framing body) override;
  async::task<result<void>> write(std::string_view piece) override;
  async::task<result<void>> finish(http::fields trailers) override;
  void abort() noexcept override {}
  bool responded() const noexcept override { return responded_; }
  std::string_view version() const noexcept override { return "1.1"; }

 private:
  http::request_head head_;
  http::response_head response_;
  http::fields trailers_;
  std::size_t keep_;
  std::string content_;
  bool responded_ = false;
};

}  // namespace regpass::cli
