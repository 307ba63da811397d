#include "daemon/listeners.hpp"

#include "forward/modes/redirected.hpp"
#include "forward/services/refusal_limiter.hpp"
#include "forward/session/session.hpp"
#include "net/original_destination.hpp"
#include "net/tcp_stream.hpp"
#include "regpass/base/log.hpp"
#include "regpass/net/endpoint.hpp"

#include <optional>
#include <span>

namespace regpass::daemon {

namespace {

using boost::asio::ip::tcp;

void serve_proxy(const forward::worker_context& around, net::tcp_socket socket, std::string peer) {
  auto client = net::make_tcp_stream(std::move(socket), party::client);
  async::spawn(around.on, forward::run_session(around, std::move(client), std::move(peer)), "session");
}

void serve_captured(const forward::worker_context& around, net::tcp_socket socket, std::string peer,
                    std::span<const tcp::endpoint> own_listeners) {
  boost::system::error_code gone;
  const auto local = socket.local_endpoint(gone);
  const auto original = net::original_destination(socket);
  const auto judged = original ? forward::judge_capture(*original, local, own_listeners)
                               : result<void>(std::unexpected(original.error()));
  if (!judged) {
    if (!forward::should_report(around, peer, "captured by mistake")) return;
    log::write(log::level::warn, "client-rejected", judged.error().detail,
               {{"mode", "transparent"}, {"client", peer}, {"listener", net::shown(local)}});
    return;
  }
  auto client = net::make_tcp_stream(std::move(socket), party::client);
  async::spawn(around.on, forward::run_captured_session(around, std::move(client), std::move(peer), *original),
               "captured session");
}

// Redirected connections arrive at the loopback address of their family.
std::optional<tcp::endpoint> twin_of(const tcp::endpoint& at) {
  if (at.address() != boost::asio::ip::address_v4::loopback()) return std::nullopt;
  return tcp::endpoint(boost::asio::ip::address_v6::loopback(), at.port());
}

void serve_mirror(const forward::worker_context& around, net::tcp_socket socket, std::string peer, std::string mirror) {
  auto client = net::make_tcp_stream(std::move(socket), party::client);
  auto session = forward::run_mirror_session(around, std::move(client), std::move(peer), std::move(mirror));
  async::spawn(around.on, std::move(session), "session");
}

}  // namespace

std::string_view name_of(listen_point::kind what) noexcept {
  if (what == listen_point::kind::mirror) return "mirror";
  return what == listen_point::kind::proxy ? "proxy" : "transparent";
}

result<std::vector<listen_point>> listeners_for(const config::settings& settings) {
  const auto& listen = settings.listen;
  std::vector<listen_point> made;
  if (!listen.proxy.empty()) {
    const auto at = net::parse_endpoint(listen.proxy);
    if (!at) return std::unexpected(at.error());
    made.push_back({listen_point::kind::proxy, *at});
  }
  if (!listen.transparent.empty()) {
    const auto at = net::parse_endpoint(listen.transparent);
    if (!at) return std::unexpected(at.error());
    made.push_back({listen_point::kind::transparent, *at});
    if (const auto twin = twin_of(*at)) made.push_back({listen_point::kind::transparent, *twin, false});
  }
  for (const auto& mirror : settings.mirrors) {
    if (mirror.listen.empty()) continue;
    const auto at = net::parse_endpoint(mirror.listen);
    if (!at) return std::unexpected(at.error());
    made.push_back({.what = listen_point::kind::mirror, .at = *at, .mirror = mirror.listen});
  }
  return made;
}

net::listener::handler accept_handler(const listen_point& one, const forward::worker_context& around,
                                      const std::vector<listen_point>& all) {
  if (one.what == listen_point::kind::mirror) {
    return [around, mirror = one.mirror](net::tcp_socket socket, std::string peer) {
      serve_mirror(around, std::move(socket), std::move(peer), mirror);
    };
  }
  if (one.what == listen_point::kind::transparent) {
    std::vector<tcp::endpoint> own;
    own.reserve(all.size());
    for (const auto& each : all) own.push_back(each.at);
    return [around, own](net::tcp_socket socket, std::string peer) {
      serve_captured(around, std::move(socket), std::move(peer), own);
    };
  }
  return
      [around](net::tcp_socket socket, std::string peer) { serve_proxy(around, std::move(socket), std::move(peer)); };
}

}  // namespace regpass::daemon
