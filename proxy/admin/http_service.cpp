#include "admin/http_service.hpp"

#include "regpass/transport/h1_connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/url/pct_string_view.hpp>

#include <algorithm>
#include <utility>

namespace regpass::admin {

namespace {

constexpr std::size_t longest_body = 64 * 1024;

call read_head(const http::request_head& head) {
  call made;
  made.method = head.method;
  const auto mark = std::min(head.target.find('?'), head.target.size());
  made.path = head.target.substr(0, mark);
  made.query = head.target.substr(std::min(mark + 1, head.target.size()));
  made.headers = head.headers;
  return made;
}

// false: it is too long, or did not come.
async::task<bool> read_body(transport::h1_server& from, std::string& into) {
  for (;;) {
    auto piece = co_await from.read();
    if (!piece) co_return false;
    if (piece->empty()) co_return true;
    if (into.size() + piece->size() > longest_body) co_return false;
    into += *piece;
  }
}

http::response_head head_of(const reply& made) {
  http::response_head head;
  head.status = made.status;
  head.reason = http::reason_phrase(made.status);
  head.headers = made.more;
  if (!made.type.empty()) head.headers.add("Content-Type", made.type);
  if (head.headers.count("Cache-Control") == 0) head.headers.add("Cache-Control", "no-store");
  head.headers.add("X-Content-Type-Options", "nosniff");
  return head;
}

async::task<bool> write_reply(transport::h1_server& to, reply made) {
  auto head = head_of(made);
  if (made.stream) {
    const http::framing endless{.how = http::framing::kind::chunked, .length = 0};
    auto begun = co_await to.respond(std::move(head), endless);
    if (begun) co_await made.stream(to);
    co_return false;
  }
  const http::framing counted{.how = http::framing::kind::counted, .length = made.body.size()};
  auto written = co_await to.respond(std::move(head), counted);
  if (written) written = co_await to.write(made.body);
  if (written) written = co_await to.finish(http::fields());
  co_return written.has_value();
}

std::string allowed(const std::vector<std::string>& methods) {
  std::string text;
  for (const auto& one : methods) text += (text.empty() ? "" : ", ") + one;
  return text;
}

}  // namespace

reply plain(int status, std::string_view text) {
  reply made;
  made.status = status;
  made.body = std::string(text) + "\n";
  return made;
}

std::string parameter(const call& asked, std::string_view name) {
  std::string_view rest = asked.query;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = std::min(one.find('='), one.size());
    if (one.substr(0, equals) != name) continue;
    const auto value = boost::urls::make_pct_string_view(one.substr(std::min(equals + 1, one.size())));
    return value ? value->decode() : std::string();
  }
  return {};
}

void routes::on(std::string method, std::string path, responder answer) {
  table_.push_back({std::move(method), std::move(path), std::move(answer)});
}

async::task<reply> routes::operator()(const call& asked) const {
  const std::string method = asked.method == "HEAD" ? "GET" : asked.method;
  std::vector<std::string> others;
  for (const auto& one : table_) {
    if (one.path != asked.path) continue;
    if (one.method != method) {
      others.push_back(one.method);
      continue;
    }
    auto made = co_await one.answer(asked);
    co_return made;
  }
  if (others.empty()) co_return plain(404, "there is nothing here");
  auto made = plain(405, "the method is not allowed here");
  made.more.add("Allow", allowed(others));
  co_return made;
}

async::task<void> serve(std::unique_ptr<net::stream> client, transport::limits bounds, responder answer,
                        std::shared_ptr<connection_table> among) {
  using activity = connection_table::activity;
  connection_table::row listed(*among, *client);
  async::deadline timer(client->get_executor(), [&client] { client->close(); });
  transport::h1_server front(*client, bounds, timer);
  for (bool more = true; more;) {
    co_await front.wait();
    auto got = co_await front.next();
    if (!got) break;
    auto asked = read_head(front.head());
    auto whole = co_await read_body(front, asked.body);
    listed.set_activity(activity::answering);
    reply made;
    if (whole) {
      made = co_await answer(asked);
    } else {
      made = plain(413, "the body is longer than 64 KiB, or did not come");
    }
    if (made.stream) listed.set_activity(activity::streaming);
    more = co_await write_reply(front, std::move(made));
    listed.set_activity(activity::waiting);
    more = more && whole && front.reusable();
    // Lets the other connections have their turn between pipelined requests.
    if (more) co_await boost::asio::post(client->get_executor(), async::use_task);
  }
  timer.set(phase::idle, std::chrono::seconds{1});
  co_await client->shut_write();
  client->close();
}

}  // namespace regpass::admin
