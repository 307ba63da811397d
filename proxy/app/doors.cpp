#include "doors.hpp"

#include "regpass/forward/session.hpp"
#include "regpass/net/tcp_stream.hpp"

namespace regpass::app {

namespace {

void serve_proxy(const forward::surroundings& around, net::tcp_socket socket, std::string peer) {
  auto client = net::make_tcp_stream(std::move(socket), party::client);
  net::spawn(around.on, forward::run_session(around, std::move(client), std::move(peer)), "session");
}

}  // namespace

std::string_view name_of(door::kind what) noexcept {
  return what == door::kind::proxy ? "proxy" : "transparent";
}

result<std::vector<door>> doors_for(const config::listen_settings& listen) {
  std::vector<door> made;
  if (!listen.proxy.empty()) {
    const auto at = net::parse_endpoint(listen.proxy);
    if (!at) return std::unexpected(at.error());
    made.push_back({door::kind::proxy, *at});
  }
  return made;
}

net::listener::handler welcome(const door&, const forward::surroundings& around, const std::vector<door>&) {
  return
      [around](net::tcp_socket socket, std::string peer) { serve_proxy(around, std::move(socket), std::move(peer)); };
}

}  // namespace regpass::app
