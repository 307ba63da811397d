// Carries one client request upstream and its answer back. It decides nothing: the head it is given is the head it
// sends, once, and exchange_fsm.hpp decides whether to send it again.
#pragma once

#include "forward/exchange/exchange_fsm.hpp"
#include "forward/record/recorder.hpp"
#include "forward/services/services.hpp"
#include "regpass/async/task_group.hpp"
#include "regpass/transport/exchange.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace regpass::forward {

// A request that got no response.
struct failed_attempt {
  error problem;
  bool dropped = false;      // the connection ended
  bool unprocessed = false;  // the registry did not look at the request
};

class upstream_call {
 public:
  struct options {
    std::string_view authorization = "none";  // for the evidence
    bool with_body = false;                   // the client's
    bool probe = false;
    bool new_connection = false;  // none from the pool
  };
  using response = std::expected<http::response_head, failed_attempt>;

  upstream_call(const worker_context& around, transport::downstream& client, std::shared_ptr<const transport::route> to,
                recorder& notes);
  ~upstream_call();
  upstream_call(const upstream_call&) = delete;
  upstream_call& operator=(const upstream_call&) = delete;

  // For what is sent from now on.
  void reroute(std::shared_ptr<const transport::route> to) { to_ = std::move(to); }

  // Sends `head` and returns the final response's head.
  async::task<response> send(const http::request_head& head, options how);

  // The beginning of the response's body, at most `cap` bytes; `relay` sends it first.
  async::task<std::string_view> excerpt(std::size_t cap);
  // Reads the beginning of a body that `relay` is to pass on: if even that fails, the client can still get a reason.
  async::task<result<void>> begin();
  // The response's body to the client, whose head was given to `respond` already.
  async::task<result<void>> relay();
  // Drops this response: its connection goes back to the pool if the rest of the body is short.
  async::task<void> discard();
  // Waits until the client's body has been read to its end (the writer of an upload may hang otherwise), and returns
  // the connection to the pool.
  async::task<void> settle();

  // Keeps the request's body if it has at most `cap` bytes.
  void keep_request(std::size_t cap) noexcept { keep_at_most_ = cap; }
  // Null if it was not kept, is longer, or was not read to its end.
  const std::string* kept_request() const noexcept { return request_ended_ && keep_at_most_ > 0 ? &kept_ : nullptr; }
  transfer_state transfer() const noexcept;
  http::framing response_body() const noexcept { return connection_->http().body(); }
  bool request_has_body() const noexcept { return client_.body().has_body(); }
  bool excerpt_is_all() const noexcept { return response_ended_; }
  std::uint64_t bytes_in() const noexcept { return bytes_in_; }
  std::uint64_t bytes_out() const noexcept { return bytes_out_; }
  int attempts() const noexcept { return attempts_; }
  const std::string& upstream_version() const noexcept { return upstream_version_; }

 private:
  async::task<result<http::response_head>> once(const http::request_head& head, bool with_body);
  async::task<result<http::response_head>> early_response(error problem);
  failed_attempt failed(error problem, bool with_body) const;
  async::task<result<http::response_head>> final_head();
  async::task<void> pump_request();
  async::task<void> wait_for_invitation();
  void end_wait(bool invited);
  void keep(std::string_view piece);
  void client_gone();
  async::task<result<void>> relay_last(std::string_view piece);

  worker_context around_;
  transport::downstream& client_;
  std::shared_ptr<const transport::route> to_;
  recorder& notes_;
  async::task_group pumps_;
  std::unique_ptr<transport::connection> connection_;
  std::string upstream_version_;
  std::string excerpt_;
  std::string_view first_;  // what `begin` read, in the connection's buffer
  bool response_ended_ = false;
  bool body_started_ = false;
  bool upstream_writable_ = true;
  // Of a client's Expect: 100-continue, which the registry is to answer.
  enum class expectation : std::uint8_t { none, waiting, invited, refused };
  expectation expects_ = expectation::none;
  boost::asio::steady_timer invitation_;
  std::optional<error> client_problem_;
  std::string kept_;
  std::size_t keep_at_most_ = 0;
  bool request_ended_ = false;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  int attempts_ = 0;
};

}  // namespace regpass::forward
