// TLS over any stream: tls/engine does the cryptography, this moves its bytes in turns of 64 KiB, one send per turn.
#pragma once

#include "regpass/net/stream.hpp"
#include "tls/engine.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <span>

namespace regpass::net {

class tls_stream final : public stream {
 public:
  tls_stream(std::unique_ptr<stream> below, const tls::context& context, tls::engine_options options);

  async::task<result<void>> handshake();

  async::task<result<std::size_t>> read_some(std::span<char> into) override;
  async::task<result<void>> write_all(std::span<const std::string_view> parts) override;
  async::task<result<void>> wait_readable() override;
  void expect(std::uint64_t bytes) noexcept override;
  async::task<result<void>> shut_write() override;
  void close() noexcept override;
  bool stale() noexcept override;
  presence look() noexcept override;
  async::executor get_executor() override;

  const tls::engine& engine() const noexcept { return engine_; }

 private:
  async::task<result<void>> flush();
  async::task<result<bool>> fill();  // false: the stream below ended

  std::unique_ptr<stream> below_;
  tls::engine engine_;
  buffer input_;    // what came and is not decrypted yet
  buffer sending_;  // what is on its way down, while the engine gathers more
  bool flushing_ = false;
  std::unique_ptr<boost::asio::steady_timer> sender_gone_;  // once somebody had to wait for it
};

}  // namespace regpass::net
