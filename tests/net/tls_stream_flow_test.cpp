// Much data at once, over memory and over sockets, and peers that do not read.
#include "support/bytes.hpp"
#include "support/loopback.hpp"
#include "tls_ends.hpp"

#include <catch2/catch.hpp>
#include <openssl/ssl.h>

#include <algorithm>
#include <string>

namespace regpass::net {
namespace {

using namespace testing;

constexpr std::size_t turn = 64 * 1024;

async::task<void> send_all(stream& to, std::string_view body) {
  for (; !body.empty(); body.remove_prefix(std::min(turn, body.size()))) {
    auto written = co_await write_one(to, body.substr(0, turn));
    REQUIRE(written);
  }
  co_await to.shut_write();
}

async::task<void> receive_all(stream& from, checksum& into) {
  std::string piece(turn, '\0');
  for (;;) {
    auto got = co_await from.read_some(piece);
    REQUIRE(got);
    if (*got == 0) co_return;
    into.add(std::string_view(piece).substr(0, *got));
  }
}

async::task<void> both_ways_at_once(tls_ends& ends) {
  const auto on = co_await boost::asio::this_coro::executor;
  const auto up = noise(8 * 1024 * 1024, 1);
  const auto down = noise(8 * 1024 * 1024, 2);
  checksum at_server;
  checksum at_client;
  co_await ends.shake();
  REQUIRE(ends.client_shook);
  REQUIRE(ends.server_shook);
  async::task_group all(on);
  all.spawn(send_all(ends.client, up), "up");
  all.spawn(send_all(ends.server, down), "down");
  all.spawn(receive_all(ends.server, at_server), "at server");
  all.spawn(receive_all(ends.client, at_client), "at client");
  co_await all.join();
  CHECK(at_server == checksum(up));
  CHECK(at_client == checksum(down));
}

TEST_CASE("8 MiB are transferred both ways at once over small memory buffers") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    wires.there->hold_beyond(100'000);
    wires.back->hold_beyond(30'000);
    wires.back->cut({}, 5'000);
    tls_ends ends(wires);
    co_await both_ways_at_once(ends);
  });
}

TEST_CASE("8 MiB are transferred both ways at once over sockets") {
  run_task([]() -> async::task<void> {
    auto below = co_await connected_pair();
    tls_ends ends(std::move(below.near), std::move(below.far));
    co_await both_ways_at_once(ends);
  });
}

TEST_CASE("One write of the stream is one write of the stream below") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_ends ends(wires);
    co_await ends.shake();
    const auto before = wires.there->writes();
    co_await write_one(ends.client, noise(turn));
    CHECK(wires.there->writes() == before + 1);
  });
}

// A client by OpenSSL alone, which can do what ours never does.
class raw_client {
 public:
  explicit raw_client(memory_pair& wires)
      : wires_(wires),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_((SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION), SSL_new(context_.get())), SSL_free) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }

  async::task<void> shake() {
    for (int turns = 0; turns < 3; ++turns) {
      SSL_do_handshake(ssl_.get());
      send();
      co_await let_others_run();
      receive();
    }
    REQUIRE(SSL_is_init_finished(ssl_.get()) == 1);
  }
  // Refused by an alert: something that the server's reader has to send.
  void renegotiate() {
    REQUIRE(SSL_renegotiate(ssl_.get()) == 1);
    SSL_do_handshake(ssl_.get());
    send();
  }

 private:
  void send() {
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
    wires_.there->put({bytes, static_cast<std::size_t>(size)});
    (void)BIO_reset(SSL_get_wbio(ssl_.get()));
  }
  void receive() {
    const auto bytes = wires_.back->take();
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }

  memory_pair& wires_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

async::task<void> write_pieces(stream& to, int pieces, int& completed) {
  const auto piece = noise(turn);
  for (int i = 0; i < pieces; ++i) {
    auto written = co_await write_one(to, piece);
    if (!written) co_return;
    ++completed;
  }
}

TEST_CASE("A writer waits until its bytes are sent, even while the reader is sending as well (P6)") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_stream server(std::move(wires.far), common_tls().server, server_options(""));
    raw_client client(wires);
    async::task_group tasks(on);
    const auto shake = [&]() -> async::task<void> { co_await server.handshake(); };
    tasks.spawn(shake(), "handshake");
    co_await client.shake();
    co_await tasks.join();

    wires.back->hold_beyond(0);  // the client reads no more
    const auto read = [&]() -> async::task<void> { co_await read_up_to(server, turn); };
    tasks.spawn(read(), "reader");
    client.renegotiate();
    co_await let_others_run();
    int completed = 0;
    tasks.spawn(write_pieces(server, 100, completed), "writer");
    co_await let_others_run();
    CHECK(completed == 0);

    wires.back->hold_beyond(unbounded);
    co_await let_others_run();
    CHECK(completed == 100);
    CHECK(wires.back->written() > 100 * turn);
    server.close();
    co_await tasks.join();
  });
}

TEST_CASE("A writer that waits for the reader's send ends when the stream is closed") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    memory_pair wires(on);
    tls_stream server(std::move(wires.far), common_tls().server, server_options(""));
    raw_client client(wires);
    async::task_group tasks(on);
    const auto shake = [&]() -> async::task<void> { co_await server.handshake(); };
    tasks.spawn(shake(), "handshake");
    co_await client.shake();
    co_await tasks.join();

    wires.back->hold_beyond(0);
    const auto read = [&]() -> async::task<void> { co_await read_up_to(server, turn); };
    tasks.spawn(read(), "reader");
    client.renegotiate();
    co_await let_others_run();
    int completed = 0;
    tasks.spawn(write_pieces(server, 100, completed), "writer");
    co_await let_others_run();
    server.close();
    co_await tasks.join();
    CHECK(completed == 0);
  });
}

}  // namespace
}  // namespace regpass::net
