#include "regpass/http/hop.hpp"
#include "regpass/transport/h1_connection.hpp"
#include "transport/h1_output.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace regpass::transport {

namespace {

// How soon a client's disconnect is noticed while its request waits for the registry.
constexpr auto check_client_every = std::chrono::seconds{1};
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

bool bodiless(std::string_view method, int status) {
  return method == "HEAD" || status == 204 || status == 304 || (status >= 100 && status < 200);
}

// In an answer to HEAD the Content-Length stays: it describes the body that GET would get. A 204 has none (RFC 9110
// section 8.6).
http::framing announced_framing(const http::response_head& head) {
  const auto length = head.status == 204 ? std::nullopt : head.headers.get("Content-Length");
  http::framing announced;
  const bool number =
      length && std::from_chars(length->data(), length->data() + length->size(), announced.length).ptr ==
                    length->data() + length->size();
  if (number) announced.how = http::framing::kind::counted;
  return announced;
}

}  // namespace

h1_server::h1_server(net::stream& client, const limits& bounds, async::deadline& timer)
    : client_(client), bounds_(bounds), timer_(timer), input_(client, party::client, bounds, timer) {}

async::task<result<void>> h1_server::wait() {
  head_ = http::request_head();
  pending_head_ = std::string();
  return input_.wait();
}

async::task<result<void>> h1_server::next() {
  input_.begin({});
  head_ = http::request_head();
  body_ = http::framing();
  responded_ = finished_ = keep_ = continue_due_ = false;
  written_ = 0;
  pending_head_.clear();
  auto ready = co_await input_.first_byte();
  if (!ready) co_return std::unexpected(ready.error());
  auto head = co_await input_.read_head(bounds_.head_within);
  if (!head) co_return std::unexpected(head.error());
  head_ = std::move(*head);
  body_ = input_.decoder().framing();
  auto expects = http::expects_continue(head_);
  if (!expects) co_return std::unexpected(expects.error());
  keep_ = http::keeps_alive(head_);
  continue_due_ = *expects && body_.has_body();
  co_return result<void>();
}

bool h1_server::reusable() const noexcept {
  return finished_ && keep_ && input_.complete();
}

async::task<result<void>> h1_server::drain() {
  // A client that waits for our 100 and got a final answer instead does not send the body.
  if (continue_due_) {
    keep_ = false;
    co_return result<void>();
  }
  for (;;) {
    auto piece = co_await input_.read_body();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return result<void>();
  }
}

async::task<result<std::string_view>> h1_server::read() {
  if (continue_due_ && !responded_) {
    continue_due_ = false;
    auto invitation = net::write_one(client_, continue_line);
    auto invited = co_await in_time(timer_, bounds_.idle_for, std::move(invitation));
    if (!invited) co_return std::unexpected(invited.error());
  }
  auto piece = co_await input_.read_body();
  co_return piece;
}

const http::fields& h1_server::trailers() const noexcept {
  return input_.decoder().trailers();
}

async::task<result<void>> h1_server::inform(http::response_head interim) {
  if (head_.minor == 0) co_return result<void>();  // RFC 9110 section 15.2: none to HTTP/1.0
  interim.minor = 1;
  const auto bytes = http::write_head(interim);
  auto work = net::write_one(client_, bytes);
  auto written = co_await in_time(timer_, bounds_.idle_for, std::move(work));
  co_return written;
}

async::task<result<void>> h1_server::respond(http::response_head head, http::framing body) {
  out_ = body;
  const bool without_body = bodiless(head_.method, head.status);
  if (head_.minor == 0 && out_.how == http::framing::kind::chunked) out_.how = http::framing::kind::until_close;
  if (without_body) {
    out_ = http::framing();
  } else if (out_.how == http::framing::kind::none) {
    out_.how = http::framing::kind::counted;
  }
  // After a final answer instead of our 100 the client may send its body or not: the connection's state is unknown.
  if (out_.how == http::framing::kind::until_close || continue_due_) keep_ = false;
  const std::string_view connection = !keep_ ? "close" : head_.minor == 0 ? "keep-alive" : "";
  pending_head_ = http::write_head(head, without_body ? announced_framing(head) : out_, connection);
  responded_ = true;
  co_return result<void>();
}

async::task<result<void>> h1_server::write(std::string_view piece) {
  if (piece.empty() || (out_.how == http::framing::kind::none)) co_return result<void>();
  auto work = write_piece(client_, pending_head_, out_, piece);
  auto written = co_await in_time(timer_, bounds_.idle_for, std::move(work));
  if (written) written_ += piece.size();
  co_return written;
}

async::task<result<void>> h1_server::finish(http::fields trailers) {
  auto work = write_end(client_, pending_head_, out_, trailers);
  auto written = co_await in_time(timer_, bounds_.idle_for, std::move(work));
  finished_ = written.has_value();
  co_return written;
}

bool h1_server::delivered() const noexcept {
  return finished_ ||
         (responded_ && out_.how == http::framing::kind::counted && out_.length > 0 && written_ == out_.length);
}

void h1_server::on_disconnect(std::function<void()> callback) {
  on_disconnect_ = std::move(callback);
  if (on_disconnect_) {
    timer_.watch(check_client_every, [this] { check_client(); });
  } else {
    timer_.unwatch();
  }
}

// A client that has half-closed the connection may still read, but is kept no longer than an idle one.
void h1_server::check_client() {
  const auto state = client_.probe_peer();
  if (state == net::peer_state::open) return;
  const auto now = std::chrono::steady_clock::now();
  if (!finished_at_) finished_at_ = now;
  if (state == net::peer_state::half_closed && now - *finished_at_ < bounds_.idle_for) return;
  timer_.unwatch();
  const auto callback = std::exchange(on_disconnect_, nullptr);
  if (callback) callback();
}

void h1_server::abort() noexcept {
  keep_ = false;
  client_.close();
}

}  // namespace regpass::transport
