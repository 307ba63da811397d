#include "daemon/listeners.hpp"

#include <utility>

namespace regpass::daemon {

result<std::vector<listen_point>> listeners_for(const config::settings& settings) {
  return forward::plan_listeners(settings.listen, settings.mirrors);
}

net::listener::handler accept_handler(const listen_point& point, const forward::worker_context& context,
                                      const std::vector<listen_point>& all) {
  std::vector<boost::asio::ip::tcp::endpoint> own;
  own.reserve(all.size());
  for (const auto& each : all) own.push_back(each.at);
  return [mode = point.mode, context, own = std::move(own)](net::tcp_socket socket, std::string peer) {
    mode->accept({context, std::move(socket), std::move(peer), own});
  };
}

}  // namespace regpass::daemon
