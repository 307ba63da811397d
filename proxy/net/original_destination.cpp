#include "net/original_destination.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace regpass::net {

namespace {

// The same number at both levels. The kernel headers that define it conflict with those of libc.
constexpr int so_original_dst = 80;

}  // namespace

result<boost::asio::ip::tcp::endpoint> original_destination(tcp_socket& redirected) {
  boost::system::error_code ec;
  const bool v6 = redirected.local_endpoint(ec).protocol() == boost::asio::ip::tcp::v6();
  boost::asio::ip::tcp::endpoint found;
  found = boost::asio::ip::tcp::endpoint(v6 ? boost::asio::ip::tcp::v6() : boost::asio::ip::tcp::v4(), 0);
  auto size = static_cast<socklen_t>(found.size());
  if (::getsockopt(redirected.native_handle(), v6 ? SOL_IPV6 : SOL_IP, so_original_dst, found.data(), &size) == 0) {
    return found;
  }
  error problem(errc::not_found, party::us, phase::accept,
                std::string("the kernel has no original destination for the connection: ") + std::strerror(errno),
                errno, false);
  return std::unexpected(std::move(problem));
}

}  // namespace regpass::net
