// What is known of one origin that may speak HTTP/2: which version it speaks, and the connections that exchanges share.
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

struct h2_site : std::enable_shared_from_this<h2_site> {
  enum class version : std::uint8_t { unknown, http1, http2 };

  explicit h2_site(const async::executor& on) : opened(on, boost::asio::steady_timer::time_point::max()) {}

  // A stream on a connection that takes one; null when there is none.
  std::unique_ptr<connection> lease();
  // The connection's first stream. Its data are those of `like`.
  std::unique_ptr<connection> adopt(std::unique_ptr<net::stream> wire, party peer, const limits& bounds);
  // The origin asked for HTTP/1.1: it gets nothing else as long as we live.
  void downgrade();
  void retire();

  version speaks = version::unknown;
  bool downgraded = false;
  bool takes_http1 = true;  // as long as nothing tells otherwise
  // One connection is opened at a time: when it turns out to be HTTP/2, all who waited share it.
  bool opening = false;
  std::optional<error> failure;  // of the opening that ended last
  boost::asio::steady_timer opened;

 private:
  std::vector<std::shared_ptr<h2_client>> shared_;
};

}  // namespace regpass::transport
