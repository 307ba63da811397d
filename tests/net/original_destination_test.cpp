// What the kernel tells of a connection that nobody redirected; tests/e2e/transparent_test.py has redirected ones.
#include "net/original_destination.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

namespace regpass::net {
namespace {

using boost::asio::ip::tcp;

TEST_CASE("The original destination of a connection that was not redirected is our own address") {
  boost::asio::io_context on;
  tcp::acceptor acceptor(on, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  tcp::socket client(on);
  client.connect(acceptor.local_endpoint());
  auto accepted = acceptor.accept();
  const auto original = original_destination(accepted);
  if (original) {
    CHECK(*original == accepted.local_endpoint());
  } else {
    CHECK(original.error().code == errc::not_found);
  }
}

TEST_CASE("A closed socket is an error") {
  boost::asio::io_context on;
  tcp::socket closed(on);
  CHECK_FALSE(original_destination(closed));
}

}  // namespace
}  // namespace regpass::net
