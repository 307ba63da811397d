#include "forward/exchange/upstream_call.hpp"

#include "regpass/http/hop.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <utility>

namespace regpass::forward {

namespace {

// How long a registry may take to answer Expect: 100-continue; many never do (RFC 9110 section 10.1.1). As long as
// curl and Go's clients wait themselves.
constexpr auto invitation_within = std::chrono::seconds{1};
// How much of an unwanted answer is read to keep its connection; a longer one is cut off instead.
constexpr std::size_t discard_at_most = 64 * 1024;

bool is_drop(const error& problem) {
  return problem.code == errc::closed || problem.code == errc::reset || problem.code == errc::truncated;
}

http::request_head with_expectation(http::request_head head) {
  head.headers.add("Expect", "100-continue");
  return head;
}

}  // namespace

upstream_call::upstream_call(const worker_context& around, transport::downstream& client,
                             std::shared_ptr<const transport::route> to, recorder& notes)
    : around_(around), client_(client), to_(std::move(to)), notes_(notes), pumps_(around.on), invitation_(around.on) {}

upstream_call::~upstream_call() {
  client_.on_disconnect(nullptr);
}

// Nobody is left to wait for the registry's answer.
void upstream_call::client_gone() {
  if (!client_problem_) {
    client_problem_ = error(errc::closed, party::client, phase::head, "the client hung up", 0, false);
  }
  if (connection_) connection_->http().abort();
  if (to_->requested_by) to_->requested_by->leave();
}

async::task<upstream_call::response> upstream_call::send(const http::request_head& head, options how) {
  client_.on_disconnect([this] { client_gone(); });
  auto connection = co_await around_.pool.get(*to_, how.new_connection);
  if (client_problem_) co_return std::unexpected(failed_attempt{*client_problem_});
  if (!connection) co_return std::unexpected(failed_attempt{connection.error()});
  connection_ = std::move(*connection);
  upstream_version_ = connection_->http().version();
  excerpt_.clear();
  first_ = {};
  response_ended_ = false;
  ++attempts_;
  notes_.sent(head, how.authorization, how.probe, *connection_);
  auto answer = co_await once(head, how.with_body);
  if (!answer) co_return std::unexpected(failed(std::move(answer.error()), how.with_body));
  co_return std::move(*answer);
}

failed_attempt upstream_call::failed(error problem, bool with_body) const {
  const bool dropped = is_drop(problem);
  const bool unprocessed = connection_->unprocessed(problem);
  const bool lost_body = unprocessed && with_body && client_.body().has_body() && !transfer().body_withheld;
  if (lost_body && !client_problem_) {
    problem.detail += "; the body that was on its way is not kept: send the request again";
  }
  return {std::move(problem), dropped, unprocessed};
}

transfer_state upstream_call::transfer() const noexcept {
  const auto is = [&](errc code) { return client_problem_ && client_problem_->code == code; };
  const bool malformed = is(errc::bad_message) || is(errc::too_large);
  return {.body_started = body_started_,
          .body_withheld = expects_ == expectation::refused && !body_started_,
          .responded = client_.responded(),
          .client_gone = client_problem_ && !malformed,
          .client_malformed = malformed};
}

async::task<result<http::response_head>> upstream_call::once(const http::request_head& head, bool with_body) {
  const auto body = with_body ? client_.body() : http::framing();
  const bool waits = body.has_body() && client_.awaits_continue();
  expects_ = waits ? expectation::waiting : expectation::none;
  http::request_head expecting;
  if (waits) expecting = with_expectation(head);
  const auto& outgoing = waits ? expecting : head;
  auto sent = co_await connection_->http().send(outgoing, body);
  if (!sent) end_wait(false);
  if (!sent && client_problem_) co_return std::unexpected(*client_problem_);
  if (!sent) {
    auto said = co_await early_response(std::move(sent.error()));
    co_return said;
  }
  if (body.has_body()) {
    upstream_writable_ = true;
    pumps_.spawn(pump_request(), "request body");
  }
  auto answer = co_await final_head();
  if (expects_ == expectation::waiting) {
    end_wait(false);
    co_await pumps_.join();
  }
  if (!answer && client_problem_) co_return std::unexpected(*client_problem_);
  co_return answer;
}

// A registry may say why before it hangs up on our request: TLS alerts about our certificate come like that. On a
// connection that was used before, what waits there may be no answer to this request.
async::task<result<http::response_head>> upstream_call::early_response(error problem) {
  auto blamed = connection_->blame(std::move(problem));
  if (connection_->reused || !is_drop(blamed)) co_return std::unexpected(std::move(blamed));
  auto said = co_await final_head();
  const bool said_nothing = !said && (is_drop(said.error()) || said.error().code == errc::timed_out);
  if (!said_nothing) co_return said;
  co_return std::unexpected(std::move(blamed));
}

async::task<result<http::response_head>> upstream_call::final_head() {
  for (;;) {
    auto head = co_await connection_->http().head();
    if (!head) co_return std::unexpected(connection_->blame(head.error()));
    if (!http::is_interim(*head)) co_return head;
    if (head->status == 100) {
      end_wait(true);  // the client gets ours when its body is first read
      continue;
    }
    auto informed = co_await client_.inform(*head);
    if (!informed) co_return std::unexpected(informed.error());
  }
}

// Both directions flow at once. When the registry takes no more, the rest is read and thrown away: clients that write
// do not read.
async::task<void> upstream_call::pump_request() {
  co_await wait_for_invitation();
  if (expects_ == expectation::refused) co_return;
  for (;;) {
    body_started_ = true;
    auto piece = co_await client_.read();
    if (!piece) {
      client_problem_ = piece.error();
      connection_->http().abort();
      co_return;
    }
    if (piece->empty()) break;
    bytes_in_ += piece->size();
    keep(*piece);
    if (!upstream_writable_) continue;
    auto written = co_await connection_->http().write(*piece);
    if (!written) upstream_writable_ = false;
  }
  request_ended_ = true;
  if (!upstream_writable_) co_return;
  auto finished = co_await connection_->http().finish(http::allowed_trailers(client_.trailers()));
  if (!finished) upstream_writable_ = false;
}

void upstream_call::keep(std::string_view piece) {
  if (keep_at_most_ == 0) return;
  if (kept_.size() + piece.size() > keep_at_most_) {
    keep_at_most_ = 0;
    kept_ = std::string();
  } else {
    kept_ += piece;
  }
}

async::task<void> upstream_call::wait_for_invitation() {
  if (expects_ != expectation::waiting) co_return;
  invitation_.expires_after(invitation_within);
  co_await invitation_.async_wait(async::use_task);
  if (expects_ == expectation::waiting) expects_ = expectation::invited;
}

void upstream_call::end_wait(bool invited) {
  if (expects_ != expectation::waiting) return;
  expects_ = invited ? expectation::invited : expectation::refused;
  invitation_.cancel();
}

async::task<std::string_view> upstream_call::excerpt(std::size_t cap) {
  while (!response_ended_ && excerpt_.size() < cap) {
    auto piece = co_await connection_->http().read();
    if (!piece) break;
    if (piece->empty()) response_ended_ = true;
    excerpt_ += *piece;
  }
  co_return std::string_view(excerpt_);
}

async::task<result<void>> upstream_call::begin() {
  if (response_ended_ || !excerpt_.empty()) co_return result<void>();
  auto piece = co_await connection_->http().read();
  if (!piece && client_problem_) co_return std::unexpected(*client_problem_);
  if (!piece) co_return std::unexpected(connection_->blame(piece.error()));
  first_ = *piece;
  response_ended_ = first_.empty();
  co_return result<void>();
}

async::task<result<void>> upstream_call::relay() {
  const auto begun = excerpt_.empty() ? std::exchange(first_, {}) : std::string_view(excerpt_);
  if (!begun.empty()) {
    bytes_out_ += begun.size();
    if (excerpt_.empty() && connection_->http().at_body_end()) {
      auto all = co_await relay_last(begun);
      co_return all;
    }
    if (response_ended_) {
      auto whole = co_await client_.write_last(begun, connection_->http().trailers());
      co_return whole;
    }
    auto first = co_await client_.write(begun);
    if (!first) {
      connection_->http().abort();
      co_return std::unexpected(first.error());
    }
  }
  while (!response_ended_) {
    auto piece = co_await connection_->http().read();
    if (!piece) {
      client_.abort();  // at the same byte: what is cut off must not look complete
      if (client_problem_) co_return std::unexpected(*client_problem_);
      co_return std::unexpected(connection_->blame(piece.error()));
    }
    if (piece->empty()) break;
    bytes_out_ += piece->size();
    if (connection_->http().at_body_end()) {
      auto all = co_await relay_last(*piece);
      co_return all;
    }
    auto written = co_await client_.write(*piece);
    if (!written) {
      connection_->http().abort();
      co_return std::unexpected(written.error());
    }
  }
  response_ended_ = true;
  auto finished = co_await client_.finish(http::allowed_trailers(connection_->http().trailers()));
  co_return finished;
}

async::task<result<void>> upstream_call::relay_last(std::string_view piece) {
  response_ended_ = true;
  auto written = co_await client_.write_last(piece, http::allowed_trailers(connection_->http().trailers()));
  co_await connection_->http().read();  // the empty piece, after which the connection may serve another exchange
  co_return written;
}

async::task<void> upstream_call::discard() {
  co_await excerpt(discard_at_most);
  co_await settle();
}

async::task<void> upstream_call::settle() {
  // A registry that has answered may not read on; its answer is complete, so nothing is lost by hanging up.
  if (connection_ && pumps_.running() > 0 && !connection_->reusable()) {
    upstream_writable_ = false;
    connection_->http().abort();
  }
  co_await pumps_.join();
  if (connection_) around_.pool.put(*to_, std::move(connection_));
  connection_.reset();
}

}  // namespace regpass::forward
