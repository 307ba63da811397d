// TLS over any stream: tls/engine does the cryptography, this class moves its bytes, 64 KiB at a time with one send
// each.
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
  peer_state probe_peer() noexcept override;
  async::executor get_executor() override;

  const tls::engine& engine() const noexcept { return engine_; }

 private:
  async::task<result<void>> flush();
  async::task<result<bool>> fill();  // false: the stream below ended

  std::unique_ptr<stream> below_;
  tls::engine engine_;
  buffer input_;    // received, not decrypted yet
  buffer sending_;  // being sent, while the engine collects more
  bool flushing_ = false;
  std::unique_ptr<boost::asio::steady_timer> flushed_;  // cancelled after a flush; created when a caller has to wait
};

}  // namespace regpass::net
