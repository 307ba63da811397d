// Reads an address with a port, as operators write it.
#pragma once

#include "regpass/base/error.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string_view>

namespace regpass {

// "127.0.0.1:3128", "[::1]:3128"; port 0 means any free port.
result<boost::asio::ip::tcp::endpoint> parse_endpoint(std::string_view text);

}  // namespace regpass
