#include "admin/http_service.hpp"

#include "regpass/transport/h1_connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/url/pct_string_view.hpp>

#include <algorithm>
#include <utility>

namespace regpass::admin {

namespace {

constexpr std::size_t max_body_bytes = 64 * 1024;

call read_head(const http::request_head& head) {
  call result;
  result.method = head.method;
  const auto mark = std::min(head.target.find('?'), head.target.size());
  result.path = head.target.substr(0, mark);
  result.query = head.target.substr(std::min(mark + 1, head.target.size()));
  result.headers = head.headers;
  return result;
}

// False: the body is too long or incomplete.
async::task<bool> read_body(transport::h1_server& from, std::string& into) {
  for (;;) {
    auto piece = co_await from.read();
    if (!piece) co_return false;
    if (piece->empty()) co_return true;
    if (into.size() + piece->size() > max_body_bytes) co_return false;
    into += *piece;
  }
}

http::response_head head_of(const reply& result) {
  http::response_head head;
  head.status = result.status;
  head.reason = http::reason_phrase(result.status);
  head.headers = result.more;
  if (!result.type.empty()) head.headers.add("Content-Type", result.type);
  if (head.headers.count("Cache-Control") == 0) head.headers.add("Cache-Control", "no-store");
  head.headers.add("X-Content-Type-Options", "nosniff");
  return head;
}

async::task<bool> write_reply(transport::h1_server& to, reply result) {
  auto head = head_of(result);
  if (result.stream) {
    const http::framing endless{.how = http::framing::kind::chunked, .length = 0};
    auto begun = co_await to.respond(std::move(head), endless);
    if (begun) co_await result.stream(to);
    co_return false;
  }
  const http::framing counted{.how = http::framing::kind::counted, .length = result.body.size()};
  auto written = co_await to.respond(std::move(head), counted);
  if (written) written = co_await to.write(result.body);
  if (written) written = co_await to.finish(http::fields());
  co_return written.has_value();
}

std::string allowed(const std::vector<std::string>& methods) {
  std::string text;
  for (const auto& method : methods) text += (text.empty() ? "" : ", ") + method;
  return text;
}

}  // namespace

reply plain(int status, std::string_view text) {
  reply result;
  result.status = status;
  result.body = std::string(text) + "\n";
  return result;
}

std::string parameter(const call& request, std::string_view name) {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) continue;
    const auto value = boost::urls::make_pct_string_view(pair.substr(std::min(equals + 1, pair.size())));
    return value ? value->decode() : std::string();
  }
  return {};
}

void routes::on(std::string method, std::string path, responder answer) {
  table_.push_back({std::move(method), std::move(path), std::move(answer)});
}

async::task<reply> routes::operator()(const call& request) const {
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::vector<std::string> others;
  for (const auto& entry : table_) {
    if (entry.path != request.path) continue;
    if (entry.method != method) {
      others.push_back(entry.method);
      continue;
    }
    auto result = co_await entry.answer(request);
    co_return result;
  }
  if (others.empty()) co_return plain(404, "not found");
  auto result = plain(405, "method not allowed");
  result.more.add("Allow", allowed(others));
  co_return result;
}

async::task<void> serve(std::unique_ptr<net::stream> client, transport::limits bounds, responder answer,
                        std::shared_ptr<connection_table> table) {
  using activity = connection_table::activity;
  connection_table::row listed(*table, *client);
  async::deadline timer(client->get_executor(), [&client] { client->close(); });
  transport::h1_server front(*client, bounds, timer);
  for (bool more = true; more;) {
    co_await front.wait();
    auto received = co_await front.next();
    if (!received) break;
    auto request = read_head(front.head());
    auto whole = co_await read_body(front, request.body);
    listed.set_activity(activity::answering);
    reply result;
    if (whole) {
      result = co_await answer(request);
    } else {
      result = plain(413, "the body is longer than 64 KiB, or incomplete");
    }
    if (result.stream) listed.set_activity(activity::streaming);
    more = co_await write_reply(front, std::move(result));
    listed.set_activity(activity::waiting);
    more = more && whole && front.reusable();
    // Yield to the other connections between pipelined requests.
    if (more) co_await boost::asio::post(client->get_executor(), async::use_task);
  }
  timer.set(phase::idle, std::chrono::seconds{1});
  co_await client->shut_write();
  client->close();
}

}  // namespace regpass::admin
