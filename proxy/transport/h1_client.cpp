#include "regpass/http/hop.hpp"
#include "regpass/transport/h1_connection.hpp"
#include "transport/h1_output.hpp"

#include <utility>

namespace regpass::transport {

namespace {

// An answer that the peer sent before it closed the connection on our request has arrived already, or will very soon.
constexpr std::chrono::milliseconds last_answer_within{1'000};

}  // namespace

h1_client::h1_client(net::stream& server, party peer, const limits& bounds, async::deadline& timer)
    : server_(server), peer_(peer), bounds_(bounds), timer_(timer), input_(server, peer, bounds, timer) {}

bool h1_client::reusable() const noexcept {
  return sent_all_ && have_response_ && keep_ && input_.complete() && !input_.buffered();
}

async::task<result<void>> h1_client::send(const http::request_head& head, http::framing body) {
  method_ = head.method;
  out_ = body;
  body_ = http::framing();
  keep_ = have_response_ = broken_off_ = false;
  interims_ = 0;
  sent_all_ = !body.has_body();
  input_.begin(method_);
  pending_head_ = http::write_head(head, out_);
  const auto expects = http::expects_continue(head);
  const bool waits = expects && *expects;
  if (!sent_all_ && !waits) co_return result<void>();  // goes out with the body's first piece
  if (!sent_all_) {
    const auto bytes = std::exchange(pending_head_, std::string());
    auto head_only = net::write_one(server_, bytes);
    auto head_written = co_await in_time(timer_, bounds_.idle_for, std::move(head_only));
    if (!head_written) break_off();
    co_return head_written;
  }
  const http::fields no_trailers;
  auto work = write_end(server_, pending_head_, out_, no_trailers);
  auto written = co_await in_time(timer_, bounds_.idle_for, std::move(work));
  if (!written) break_off();
  co_return written;
}

async::task<result<void>> h1_client::write(std::string_view piece) {
  if (piece.empty()) co_return result<void>();
  auto work = write_piece(server_, pending_head_, out_, piece);
  auto written = co_await in_time(timer_, bounds_.idle_for, std::move(work));
  if (!written) break_off();
  co_return written;
}

async::task<result<void>> h1_client::finish(http::fields trailers) {
  auto work = write_end(server_, pending_head_, out_, trailers);
  auto written = co_await in_time(timer_, bounds_.idle_for, std::move(work));
  if (!written) {
    break_off();
    co_return std::unexpected(written.error());
  }
  sent_all_ = true;
  // From here on it is the registry's turn; head() may be waiting already.
  if (!have_response_) timer_.set(phase::head, bounds_.response_within);
  co_return written;
}

void h1_client::break_off() {
  broken_off_ = true;
  if (!have_response_) timer_.set(phase::head, last_answer_within);
}

async::task<result<http::response_head>> h1_client::head() {
  // While the body is still being sent, its writer owns the deadline; `break_off` has set it.
  const bool our_turn = !sent_all_ || broken_off_;
  const auto within = our_turn ? std::chrono::milliseconds(0) : bounds_.response_within;
  auto head = co_await input_.read_head(within);
  if (!head) co_return std::unexpected(head.error());
  if (http::is_interim(*head)) {
    // A 101 is unexpected, because Upgrade is never forwarded (T19).
    if (head->status == 101 || ++interims_ > bounds_.interim_responses) {
      co_return std::unexpected(
          error(errc::bad_message, peer_, phase::head, "too many or unexpected interim responses", 0, true));
    }
    input_.begin(method_);
    co_return head;
  }
  have_response_ = true;
  body_ = input_.decoder().framing();
  keep_ = http::keeps_alive(*head) && body_.how != http::framing::kind::until_close;
  co_return head;
}

async::task<result<std::string_view>> h1_client::read() {
  auto piece = co_await input_.read_body();
  co_return piece;
}

const http::fields& h1_client::trailers() const noexcept {
  return input_.decoder().trailers();
}

void h1_client::abort() noexcept {
  keep_ = false;
  server_.close();
}

}  // namespace regpass::transport
