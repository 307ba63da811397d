// What is known about an origin that may speak HTTP/2: its version, and the connections that exchanges share.
#pragma once

#include "transport/h2_connection.hpp"
#include "transport/pool.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regpass::transport {

struct h2_origin : std::enable_shared_from_this<h2_origin> {
  enum class version : std::uint8_t { unknown, http1, http2 };

  explicit h2_origin(const async::executor& on) : opened(on, boost::asio::steady_timer::time_point::max()) {}

  // A stream on a connection that accepts one; null if no connection does.
  std::unique_ptr<connection> lease();
  // Starts HTTP/2 on a new connection and returns its first stream.
  std::unique_ptr<connection> adopt(std::unique_ptr<net::stream> wire, party peer, const limits& bounds);
  // The origin asked for HTTP/1.1, and gets nothing else until the process ends.
  void downgrade();
  void retire();

  version speaks = version::unknown;
  bool downgraded = false;
  bool takes_http1 = true;  // until proven otherwise
  // One connection is opened at a time: if it turns out to be HTTP/2, all exchanges that waited share it.
  bool opening = false;
  std::optional<error> failure;  // of the last attempt
  boost::asio::steady_timer opened;

 private:
  std::vector<std::shared_ptr<h2_client>> shared_;
};

}  // namespace regpass::transport
