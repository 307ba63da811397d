// HTTP/1.1 over a stream, in both roles. One exchange at a time; pipelined input waits in the buffer.
#pragma once

#include "regpass/async/deadline.hpp"
#include "regpass/http/h1_codec.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/transport/exchange.hpp"
#include "transport/h1_input.hpp"
#include "transport/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace regpass::transport {

class h1_server final : public downstream {
 public:
  h1_server(net::stream& client, const limits& bounds, async::deadline& timer);

  // Waits until `next`, which must follow, will not block. Idle connections wait here, and hold next to no memory.
  async::task<result<void>> wait();
  // Reads the next request's head. errc::closed: the client is done. The caller answers any other error (bad_message
  // 400, too_large 431, unsupported 501…) and then closes the connection.
  async::task<result<void>> next();
  // After an exchange: whether another one may follow on this connection.
  bool reusable() const noexcept;
  // Reads and discards the rest of the request's body, so that the connection (and a client that only writes) can
  // proceed.
  async::task<result<void>> drain();
  // The client asked for a 100 and got a final answer instead. It may send its body anyway.
  bool continue_unanswered() const noexcept { return continue_due_; }
  std::string take_unread() { return input_.take_unread(); }

  const http::request_head& head() const noexcept override { return head_; }
  http::framing body() const noexcept override { return body_; }
  async::task<result<std::string_view>> read() override;
  const http::fields& trailers() const noexcept override;
  async::task<result<void>> inform(http::response_head interim) override;
  async::task<result<void>> respond(http::response_head head, http::framing body) override;
  async::task<result<void>> write(std::string_view piece) override;
  async::task<result<void>> finish(http::fields trailers) override;
  void abort() noexcept override;
  void on_disconnect(std::function<void()> callback) override;
  bool responded() const noexcept override { return responded_; }
  bool delivered() const noexcept override;
  bool awaits_continue() const noexcept override { return continue_due_ && !responded_; }
  std::string_view version() const noexcept override { return head_.minor == 0 ? "1.0" : "1.1"; }

 private:
  void check_client();

  net::stream& client_;
  const limits& bounds_;
  async::deadline& timer_;
  h1_input<http::request_head> input_;
  std::function<void()> on_disconnect_;
  std::optional<std::chrono::steady_clock::time_point> finished_at_;  // when the client's half-close was seen
  http::request_head head_;
  http::framing body_;
  http::framing out_;
  std::uint64_t written_ = 0;  // of the answer's body
  std::string pending_head_;   // sent together with the first piece
  bool continue_due_ = false;
  bool responded_ = false;
  bool finished_ = false;
  bool keep_ = false;
};

class h1_client final : public upstream {
 public:
  h1_client(net::stream& server, party peer, const limits& bounds, async::deadline& timer);

  // Whether another request may follow on this connection: only after a response that was read to its end.
  bool reusable() const noexcept;
  void release_buffer() noexcept { input_.release_buffer(); }  // until the next request

  async::task<result<void>> send(const http::request_head& head, http::framing body) override;
  async::task<result<void>> write(std::string_view piece) override;
  async::task<result<void>> finish(http::fields trailers) override;
  async::task<result<http::response_head>> head() override;
  http::framing body() const noexcept override { return body_; }
  async::task<result<std::string_view>> read() override;
  bool at_body_end() const noexcept override { return input_.body_read_out(); }
  const http::fields& trailers() const noexcept override;
  void abort() noexcept override;
  std::string_view version() const noexcept override { return "1.1"; }

 private:
  void break_off();

  net::stream& server_;
  party peer_;
  const limits& bounds_;
  async::deadline& timer_;
  h1_input<http::response_head> input_;
  std::string method_;
  std::string pending_head_;
  http::framing out_;
  http::framing body_;
  bool sent_all_ = false;
  bool broken_off_ = false;  // the request could not be sent completely
  bool keep_ = false;
  bool have_response_ = false;
  std::size_t interims_ = 0;
};

}  // namespace regpass::transport
