// The service over real sockets: what probes and browsers send, and what they must not be able to do.
#include "admin/http_service.hpp"

#include "regpass/async/worker.hpp"
#include "regpass/net/listener.hpp"
#include "regpass/net/tcp_stream.hpp"
#include "support/common_ground.hpp"
#include "support/raw_client.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

class service {
 public:
  service() {
    routes_.on("GET", "/hello", [](const admin::call& asked) -> async::task<admin::reply> {
      co_return admin::plain(200, "hello " + admin::parameter(asked, "who"));
    });
    routes_.on("PUT", "/level",
               [](const admin::call& asked) -> async::task<admin::reply> { co_return admin::plain(200, asked.body); });
    routes_.on("GET", "/events", [](const admin::call&) -> async::task<admin::reply> {
      admin::reply made;
      made.type = "text/event-stream";
      made.stream = [](transport::downstream& to) -> async::task<void> {
        for (int i = 0; i < 3; ++i) {
          auto written = co_await to.write("data: x\n\n");
          if (!written) co_return;
        }
        co_await to.finish(http::fields());
      };
      co_return made;
    });
    listener_ = net::listener::open(worker_.get_executor(), net::parse_endpoint("127.0.0.1:0").value(), false).value();
    listener_->start(
        [this](net::tcp_socket socket, const std::string&) {
          auto client = net::make_tcp_stream(std::move(socket), party::client);
          async::spawn(worker_.get_executor(), admin::serve(std::move(client), transport::limits(), routes_, table_),
                       "admin");
        },
        10, [] { return std::size_t{0}; });
    worker_.start();
  }
  ~service() { worker_.stop(); }

  raw_client client() {
    raw_client made(listener_->local().port());
    made.address("127.0.0.1:" + std::to_string(listener_->local().port()));
    return made;
  }

 private:
  async::worker worker_;
  admin::routes routes_;
  std::shared_ptr<admin::connection_table> table_ = std::make_shared<admin::connection_table>(32);
  std::unique_ptr<net::listener> listener_;
};

}  // namespace

TEST_CASE("A route answers GET and HEAD according to its parameters, and the connection stays open") {
  service here;
  auto client = here.client();
  const auto got = client.ask("GET", "/hello?x=1&who=a%20b");
  CHECK(got.status == 200);
  CHECK(got.body == "hello a b\n");
  CHECK(got.field("Cache-Control") == "no-store");
  CHECK(got.field("X-Content-Type-Options") == "nosniff");
  const auto head = client.ask("HEAD", "/hello");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(client.ask("PUT", "/level", {}, "debug").body == "debug\n");
}

TEST_CASE("An unknown path gets 404, another method 405, and a long body 413") {
  service here;
  auto client = here.client();
  CHECK(client.ask("GET", "/nothing").status == 404);
  const auto got = client.ask("POST", "/hello", {}, "");
  CHECK(got.status == 405);
  CHECK(got.field("Allow") == "GET");
  CHECK(client.ask("PUT", "/level", {}, std::string(100'000, 'x')).status == 413);
}

TEST_CASE("A stream arrives piece by piece, and the connection ends with it") {
  service here;
  auto client = here.client();
  const auto got = client.ask("GET", "/events");
  CHECK(got.field("Content-Type") == "text/event-stream");
  CHECK(got.body == "data: x\n\ndata: x\n\ndata: x\n\n");
  CHECK(client.ends());
}

TEST_CASE("Bytes that are not HTTP end the connection, and other connections are not affected") {
  service here;
  auto hostile = here.client();
  hostile.send(std::string("\x16\x03\x01\x02\x00", 5) + std::string(300, 'x'));
  CHECK(hostile.ends());
  CHECK(here.client().ask("GET", "/hello").status == 200);
}

TEST_CASE("A3: pipelined requests are all answered, in their order") {
  service here;
  auto client = here.client();
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    const std::string more = i == 49 ? "Connection: close\r\n" : "";
    requests += "GET /hello?who=" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
  }
  client.send(requests);
  for (int i = 0; i < 50; ++i) CHECK(client.receive().body == "hello " + std::to_string(i) + "\n");
}
