// HTTP/2 when the connection fails at each of its calls in turn: every exchange ends, in an error or whole, and nobody
// is resumed who is gone. Streams of memory do at once what they can, as sockets may.
#include "h2_rig.hpp"
#include "support/failing_stream.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace regpass::transport {
namespace {

using namespace testing;

template <class T>
std::optional<errc> error_of(const result<T>& outcome) {
  return outcome ? std::nullopt : std::optional(outcome.error().code);
}

struct failing_pair {
  failing_pair(const async::executor& on, std::size_t near_fails, std::size_t far_fails)
      : wires(on),
        near_call(std::make_shared<call_that_fails>(near_fails)),
        far_call(std::make_shared<call_that_fails>(far_fails)),
        far(std::move(wires.far), far_call),
        server(far, bounds),
        served(on),
        asked(on) {}

  void start() {
    served.spawn(run(), "server");
    client =
        h2_client::start(std::make_unique<failing_stream>(std::move(wires.near), near_call), party::registry, bounds);
  }
  async::task<void> run() {
    const h2_server::handler handle = [](downstream& one) { return serve(one); };
    co_await server.run(handle);
  }
  static async::task<void> serve(downstream& one) {
    auto body = co_await read_all(one);
    if (body) co_await answer(one, response(200), *body + one.head().target);
  }

  limits bounds;
  memory_pair wires;
  std::shared_ptr<call_that_fails> near_call;
  std::shared_ptr<call_that_fails> far_call;
  failing_stream far;
  h2_server server;
  async::task_group served;
  async::task_group asked;
  std::shared_ptr<h2_client> client;
  std::size_t whole = 0;
};

async::task<void> write_body(h2_upstream& up, const std::string& body, bool& done) {
  auto written = co_await write_whole(up, body);
  if (!written) up.abort();
  done = true;
}

// As an exchange is carried: after a failure the answer is looked for, as the peer may have said why.
async::task<void> exchange_once(failing_pair& pair, std::string method, std::string body) {
  auto up = pair.client->open();
  const auto how = body.empty() ? no_body() : counted(body.size());
  auto sent = co_await up->send(request(std::move(method), "/target"), how);
  async::task_group pumps(pair.far.get_executor());
  bool done = false;
  if (sent && !body.empty()) pumps.spawn(write_body(*up, body, done), "body");
  auto head = co_await up->head();
  if (!sent) CHECK_FALSE(head);
  if (head) {
    auto got = co_await read_all(*up);
    if (got) CHECK(*got == body + "/target");
    if (got) ++pair.whole;
  }
  if (pumps.running() > 0 && !up->complete()) up->abort();
  co_await pumps.join();
}

async::task<void> scene(failing_pair& pair) {
  pair.start();
  const std::string body(200'000, 'b');
  pair.asked.spawn(exchange_once(pair, "PUT", body), "exchange");
  pair.asked.spawn(exchange_once(pair, "GET", ""), "exchange");
  co_await pair.asked.join();
  pair.asked.spawn(exchange_once(pair, "GET", ""), "exchange");
  pair.asked.spawn(exchange_once(pair, "PATCH", body), "exchange");
  co_await pair.asked.join();
  pair.client->retire();
  co_await pair.served.join();
}

TEST_CASE("An exchange on a connection that ended before its request fails every call with that error (F06)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    wires.there->fail_writes(errc::reset);
    const auto client = h2_client::start(std::move(wires.near), party::registry, limits());
    const auto up = client->open();
    auto sent = co_await up->send(request("GET"), no_body());
    CHECK(error_of(sent) == errc::closed);
    CHECK(up->unprocessed());
    auto head = co_await up->head();
    CHECK(error_of(head) == errc::closed);
    auto piece = co_await up->read();
    CHECK(error_of(piece) == errc::closed);
    auto written = co_await up->write("body");
    CHECK(error_of(written) == errc::closed);
    auto finished = co_await up->finish(http::fields());
    CHECK(error_of(finished) == errc::closed);
    CHECK(up->trailers().empty());
  });
}

TEST_CASE("An exchange may outlive its connection, whose peer violated the protocol") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    auto client = h2_client::start(std::move(wires.near), party::registry, limits());
    const auto up = client->open();
    co_await up->send(request("GET"), no_body());
    const std::weak_ptr<h2_client> alive = client;
    client.reset();
    wires.back->put("HTTP/1.1 400 Bad Request\r\n\r\n");
    auto head = co_await up->head();
    CHECK(error_of(head) == errc::bad_message);
    wires.back->end();
    const auto is_gone = [&] { return alive.expired(); };
    auto gone = co_await wait_until(is_gone);
    CHECK(gone);
    co_await pause(std::chrono::milliseconds(2100));  // until the peer would have been given up
  });
}

TEST_CASE("Whichever call of an HTTP/2 connection fails, its exchanges end, and so do both sides (F06)") {
  const bool client_fails = GENERATE(true, false);
  std::size_t due = 0;
  bool came = true;
  std::size_t whole = 0;
  while (came) {
    ++due;
    INFO((client_fails ? "call of the client: " : "call of the server: ") << due);
    run_task([&]() -> async::task<void> {
      const auto on = co_await boost::asio::this_coro::executor;
      failing_pair pair(on, client_fails ? due : unbounded, client_fails ? unbounded : due);
      co_await scene(pair);
      came = (client_fails ? pair.near_call : pair.far_call)->came();
      whole = pair.whole;
    });
  }
  CHECK(due > 10);
  CHECK(whole == 4);
}

}  // namespace
}  // namespace regpass::transport
