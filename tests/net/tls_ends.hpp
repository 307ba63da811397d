// The two ends of a TLS connection as streams, over whatever is below.
#pragma once

#include "regpass/async/task_group.hpp"
#include "regpass/net/tls_stream.hpp"
#include "support/memory_stream.hpp"
#include "support/tls_ground.hpp"

#include <boost/asio/this_coro.hpp>

#include <memory>
#include <string>
#include <utility>

namespace regpass::testing {

inline tls::engine_options client_options(std::string name = "registry.test") {
  return {.role = tls::role::client, .name = std::move(name), .peer = party::registry};
}
inline tls::engine_options server_options(std::string name = "registry.test") {
  return {.role = tls::role::server, .name = std::move(name), .peer = party::client};
}

struct tls_ends {
  tls_ends(std::unique_ptr<net::stream> near, std::unique_ptr<net::stream> far,
           const tls::context& client_context = common_tls().believer, std::string name = "registry.test")
      : client(std::move(near), client_context, client_options(std::move(name))),
        server(std::move(far), common_tls().server, server_options("")) {}
  explicit tls_ends(memory_pair& wires, const tls::context& client_context = common_tls().believer,
                    std::string name = "registry.test")
      : tls_ends(std::move(wires.near), std::move(wires.far), client_context, std::move(name)) {}

  // Both handshakes at once; how each ended is in `client_shook` and `server_shook`.
  async::task<void> shake() {
    const auto on = co_await boost::asio::this_coro::executor;
    async::task_group both(on);
    both.spawn(shake_one(client, client_shook), "client");
    both.spawn(shake_one(server, server_shook), "server");
    co_await both.join();
  }

  net::tls_stream client;
  net::tls_stream server;
  result<void> client_shook;
  result<void> server_shook;

 private:
  static async::task<void> shake_one(net::tls_stream& end, result<void>& into) { into = co_await end.handshake(); }
};

inline async::task<result<std::string>> read_up_to(net::stream& from, std::size_t most) {
  std::string into(most, '\0');
  auto got = co_await from.read_some(into);
  if (!got) co_return std::unexpected(got.error());
  into.resize(*got);
  co_return into;
}

}  // namespace regpass::testing
