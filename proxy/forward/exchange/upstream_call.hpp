// Carries one client request upstream and its answer back. Knows nothing of credentials: the head it is given is the
// head it sends.
#pragma once

#include "forward/record/recorder.hpp"
#include "forward/services/services.hpp"
#include "regpass/async/task_group.hpp"
#include "regpass/transport/exchange.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace regpass::forward {

class upstream_call {
 public:
  upstream_call(const worker_context& around, transport::downstream& client, std::shared_ptr<const transport::route> to,
                recorder& notes);
  ~upstream_call();
  upstream_call(const upstream_call&) = delete;
  upstream_call& operator=(const upstream_call&) = delete;

  // For what is sent from now on.
  void reroute(std::shared_ptr<const transport::route> to) { to_ = std::move(to); }

  // Sends `head`, with the client's body if `with_body`, and returns the final response's head. What may be repeated is
  // repeated once: a GET or HEAD after a dropped connection or a single 5xx (no client does that itself), a bodiless
  // request whose pooled connection turned out to be dead. `authorization` is for the notes.
  async::task<result<http::response_head>> send(const http::request_head& head, std::string_view authorization,
                                                bool with_body, bool probe);

  // The beginning of the response's body, at most `cap` bytes; `relay` sends it first.
  async::task<std::string_view> excerpt(std::size_t cap);
  // The beginning of a body that `relay` is to pass on: one that is no good from its first byte on can still be told
  // of.
  async::task<result<void>> begin();
  // The response's body to the client, whose head was given to `respond` already.
  async::task<result<void>> relay();
  // Done with this response: its connection goes back to the pool if it was read to its end within reason.
  async::task<void> discard();
  // Waits until the client's body was read to its end (an upload's writer may hang otherwise), and gives the connection
  // back.
  async::task<void> settle();

  // Keeps the request's body, as long as it has no more bytes than that.
  void keep_request(std::size_t cap) noexcept { keep_at_most_ = cap; }
  // Null: it was not kept, is longer, or was not read to its end.
  const std::string* kept_request() const noexcept { return request_ended_ && keep_at_most_ > 0 ? &kept_ : nullptr; }
  bool body_started() const noexcept { return body_started_; }
  http::framing response_body() const noexcept { return connection_->http().body(); }
  bool excerpt_is_all() const noexcept { return response_ended_; }
  const std::optional<error>& client_problem() const noexcept { return client_problem_; }
  std::uint64_t bytes_in() const noexcept { return bytes_in_; }
  std::uint64_t bytes_out() const noexcept { return bytes_out_; }
  int attempts() const noexcept { return attempts_; }
  const std::string& upstream_version() const noexcept { return upstream_version_; }

 private:
  async::task<result<http::response_head>> once(const http::request_head& head, bool with_body);
  async::task<result<http::response_head>> last_words(error problem);
  // Why a request that the registry did not look at is not repeated.
  error last_word_on(error problem, bool with_body) const;
  async::task<result<http::response_head>> final_head();
  async::task<void> pump_request();
  async::task<void> wait_for_invitation();
  void end_wait(bool invited);
  void keep(std::string_view piece);
  void client_gone();
  async::task<result<void>> relay_last(std::string_view piece);
  bool repeatable(const http::request_head& head, bool with_body, const result<http::response_head>& answer) const;

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
