#include "net/own_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <catch2/catch.hpp>

#include <optional>
#include <string>

using namespace regpass;

namespace {

bool own(const std::string& address) {
  return net::is_own_address(boost::asio::ip::make_address(address));
}

// What a datagram to the world would go out with; nothing is sent.
std::optional<std::string> outward_address() {
  namespace ip = boost::asio::ip;
  boost::asio::io_context context;
  ip::udp::socket socket(context);
  boost::system::error_code problem;
  socket.connect(ip::udp::endpoint(ip::make_address("192.0.2.1"), 9), problem);
  if (problem) return std::nullopt;
  return socket.local_endpoint().address().to_string();
}

}  // namespace

TEST_CASE("Loopback is this machine in every notation, and foreign addresses are not") {
  for (const auto* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) CHECK(own(address));
  for (const auto* address : {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0", "::"})
    CHECK_FALSE(own(address));
}

TEST_CASE("An address of an interface is this machine", "[outward]") {
  const auto address = outward_address();
  if (!address) {
    WARN("this machine has no way out: not tested here");
    return;
  }
  CHECK(own(*address));
  CHECK(own("::ffff:" + *address));
}
