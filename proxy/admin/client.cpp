#include "admin/client.hpp"

#include "regpass/transport/h1_connection.hpp"

#include <utility>

namespace regpass::admin {

namespace {

constexpr std::size_t longest_answer = 64 * 1024 * 1024;

http::request_head head_of(std::string method, std::string target) {
  http::request_head head;
  head.method = std::move(method);
  head.target = std::move(target);
  head.headers.add("Host", "localhost");
  head.headers.add("Connection", "close");
  return head;
}

async::task<result<answer>> converse(transport::h1_client& with, http::request_head head, std::string body) {
  http::framing framed;
  if (!body.empty()) framed = {.how = http::framing::kind::counted, .length = body.size()};
  auto sent = co_await with.send(head, framed);
  if (sent && !body.empty()) sent = co_await with.write(body);
  if (sent && !body.empty()) sent = co_await with.finish(http::fields());
  if (!sent) co_return std::unexpected(sent.error());
  auto got = co_await with.head();
  if (!got) co_return std::unexpected(got.error());
  answer made{got->status, {}};
  for (;;) {
    auto piece = co_await with.read();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return made;
    if (made.body.size() + piece->size() > longest_answer) co_return fail(errc::too_large, "the answer is too long");
    made.body += *piece;
  }
}

}  // namespace

async::task<result<answer>> ask(std::unique_ptr<net::stream> to, std::string method, std::string target,
                                std::string body, std::chrono::milliseconds within) {
  async::deadline total(to->get_executor(), [&to] { to->close(); });
  total.set(phase::head, within);
  transport::limits bounds;
  bounds.response_within = bounds.idle_for = 2 * within;  // `total` is first
  async::deadline timer(to->get_executor(), [&to] { to->close(); });
  transport::h1_client with(*to, party::us, bounds, timer);
  auto head = head_of(std::move(method), std::move(target));
  auto made = co_await converse(with, std::move(head), std::move(body));
  if (!made) co_return std::unexpected(total.blame(made.error()));
  co_return made;
}

}  // namespace regpass::admin
