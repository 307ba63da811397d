#include "admin/client.hpp"

#include "regpass/transport/h1_connection.hpp"

#include <utility>

namespace regpass::admin {

namespace {

constexpr std::size_t max_answer_bytes = 64 * 1024 * 1024;

http::request_head head_of(std::string method, std::string target) {
  http::request_head head;
  head.method = std::move(method);
  head.target = std::move(target);
  head.headers.add("Host", "localhost");
  head.headers.add("Connection", "close");
  return head;
}

async::task<result<answer>> exchange(transport::h1_client& with, http::request_head head, std::string body) {
  http::framing framed;
  if (!body.empty()) framed = {.how = http::framing::kind::counted, .length = body.size()};
  auto sent = co_await with.send(head, framed);
  if (sent && !body.empty()) sent = co_await with.write(body);
  if (sent && !body.empty()) sent = co_await with.finish(http::fields());
  if (!sent) co_return std::unexpected(sent.error());
  auto head_received = co_await with.head();
  if (!head_received) co_return std::unexpected(head_received.error());
  answer result{head_received->status, {}};
  for (;;) {
    auto piece = co_await with.read();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return result;
    if (result.body.size() + piece->size() > max_answer_bytes)
      co_return fail(errc::too_large, "the answer is too long");
    result.body += *piece;
  }
}

}  // namespace

async::task<result<answer>> ask(std::unique_ptr<net::stream> to, std::string method, std::string target,
                                std::string body, std::chrono::milliseconds within) {
  async::deadline total(to->get_executor(), [&to] { to->close(); });
  total.set(phase::head, within);
  transport::limits bounds;
  bounds.response_within = bounds.idle_for = 2 * within;  // `total` expires first
  async::deadline timer(to->get_executor(), [&to] { to->close(); });
  transport::h1_client with(*to, party::us, bounds, timer);
  auto head = head_of(std::move(method), std::move(target));
  auto result = co_await exchange(with, std::move(head), std::move(body));
  if (!result) co_return std::unexpected(total.blame(result.error()));
  co_return result;
}

}  // namespace regpass::admin
