#include "regpass/net/local_socket.hpp"

#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <fstream>

using namespace regpass;
using namespace regpass::testing;

namespace {

async::task<void> hear(std::unique_ptr<net::stream> from, std::string& into) {
  std::string piece(10, '\0');
  auto got = co_await from->read_some(piece);
  into = piece.substr(0, got.value_or(0));
  co_await net::write_one(*from, "yes");
}

}  // namespace

TEST_CASE("A local socket is private to its owner, replaces a stale one, and is removed with its listener") {
  const temporary_directory dir;
  const std::filesystem::path at = dir / "admin.sock";
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    auto first = net::local_listener::open(on, at);
    REQUIRE(first);
    struct stat seen{};
    REQUIRE(::stat(at.c_str(), &seen) == 0);
    CHECK((seen.st_mode & 0777) == 0600);
    std::string heard;
    (*first)->start(
        [&](std::unique_ptr<net::stream> client) { async::spawn(on, hear(std::move(client), heard), "hearing"); });
    CHECK_FALSE(net::local_listener::open(on, at));  // somebody answers there
    auto client = co_await net::connect_local(at);
    REQUIRE(client);
    auto said = co_await net::write_one(**client, "hello");
    CHECK(said);
    std::string answer(10, '\0');
    auto got = co_await (*client)->read_some(answer);
    CHECK(answer.substr(0, got.value_or(0)) == "yes");
    CHECK(heard == "hello");
    first->reset();
    CHECK_FALSE(std::filesystem::exists(at));
  });
}

TEST_CASE("If the socket cannot be created, the error names the path") {
  const temporary_directory dir;
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const std::filesystem::path where[] = {dir / "no/such/directory.sock", dir / std::string(200, 'x')};
    for (const auto& at : where) {
      const auto made = net::local_listener::open(on, at);
      REQUIRE_FALSE(made);
      CHECK(made.error().detail.find(at.string()) != std::string::npos);
      auto client = co_await net::connect_local(at);
      CHECK_FALSE(client);
    }
    std::ofstream(dir / "file").put('x');
    const auto made = net::local_listener::open(on, dir / "file");  // a file is not removed
    CHECK_FALSE(made);
    CHECK(std::filesystem::exists(dir / "file"));
  });
}
