#include "regpass/base/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace regpass {

result<boost::asio::ip::tcp::endpoint> parse_endpoint(std::string_view text) {
  const auto colon = std::min(text.rfind(':'), text.size());
  const auto port_text = text.substr(std::min(colon + 1, text.size()));
  auto host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(std::string{host}, bad);
  const bool port_read = ec == std::errc{} && end == port_text.data() + port_text.size();
  if (bad || !port_read || bracketed != address.is_v6()) {
    return fail(errc::bad_input,
                "\"" + std::string{text} + "\" is not ADDRESS:PORT, such as 127.0.0.1:3128 or [::1]:3128");
  }
  return boost::asio::ip::tcp::endpoint{address, port};
}

}  // namespace regpass
