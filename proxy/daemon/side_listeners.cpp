#include "daemon/side_listeners.hpp"

#include "regpass/base/log.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/tcp_stream.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace regpass::daemon {

namespace {

constexpr std::size_t max_clients = 32;  // of each listener, so that clients of one cannot block another
constexpr auto max_idle = std::chrono::seconds{10};
constexpr auto head_within = std::chrono::seconds{2};
constexpr std::string_view unix_prefix = "unix:";

}  // namespace

std::filesystem::path admin_socket(const config::settings& settings) {
  const auto& written = settings.listen.admin;
  if (!written.starts_with(unix_prefix)) return {};
  return settings.state_dir / written.substr(unix_prefix.size());
}

side_listeners::side_listeners(const async::executor& control, const transport::limits& bounds)
    : control_(control), bounds_(bounds) {
  bounds_.idle_for = std::min<std::chrono::milliseconds>(bounds.idle_for, max_idle);
  bounds_.head_within = std::min<std::chrono::milliseconds>(bounds.head_within, head_within);
}

result<void> side_listeners::open(const std::string& name, const std::string& endpoint, admin::responder answer) {
  const auto at = net::parse_endpoint(endpoint);
  if (!at) return std::unexpected(at.error());
  auto opened = net::listener::open(control_, *at, false);
  if (!opened) return std::unexpected(opened.error());
  note(name, net::shown((*opened)->local()));
  const auto table = std::make_shared<admin::connection_table>(max_clients);
  const auto accept_handler = [on = control_, bounds = bounds_, answer = std::move(answer), table](
                                  net::tcp_socket socket, const std::string& /*peer*/) {
    auto client = net::make_tcp_stream(std::move(socket), party::client);
    async::spawn(on, admin::serve(std::move(client), bounds, answer, table), "side listener");
  };
  constexpr std::size_t unlimited = 1;  // the table makes room itself
  (*opened)->start(accept_handler, unlimited, [] { return std::size_t{0}; });
  listeners_.push_back(std::move(*opened));
  return {};
}

result<void> side_listeners::open(const std::string& name, const std::filesystem::path& socket,
                                  admin::responder answer) {
  std::error_code ignored;  // opening the listener reports the failure
  if (std::filesystem::create_directories(socket.parent_path(), ignored)) {
    std::filesystem::permissions(socket.parent_path(), std::filesystem::perms::owner_all, ignored);
  }
  auto opened = net::local_listener::open(control_, socket);
  if (!opened) return std::unexpected(opened.error());
  note(name, socket.string());
  (*opened)->start(
      [on = control_, bounds = bounds_, answer = std::move(answer),
       table = std::make_shared<admin::connection_table>(max_clients)](std::unique_ptr<net::stream> client) {
        async::spawn(on, admin::serve(std::move(client), bounds, answer, table), "side listener");
      });
  sockets_.push_back(std::move(*opened));
  return {};
}

void side_listeners::note(const std::string& name, const std::string& at) {
  shown_.push_back(name + " " + at);
  log::write(log::level::info, "listening", "the " + name + " listener is open", {{"listener", name}, {"address", at}});
}

}  // namespace regpass::daemon
