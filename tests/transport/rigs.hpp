// HTTP/1.1 connections over memory: a server or a client whose peer is the test itself, and both back to back.
#pragma once

#include "regpass/async/task_group.hpp"
#include "regpass/transport/h1_connection.hpp"
#include "support/memory_stream.hpp"

#include <boost/asio/this_coro.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace regpass::testing {

// The connection under test is at the far end; the test is the client.
struct server_rig {
  explicit server_rig(const async::executor& on, transport::limits limits = {})
      : wires(on), bounds(limits), timer(on, [this] { wires.far->close(); }), server(*wires.far, bounds, timer) {}

  void say(std::string_view bytes) { wires.there->put(bytes); }
  std::string said() { return wires.back->take(); }

  memory_pair wires;
  transport::limits bounds;
  async::deadline timer;
  transport::h1_server server;
};

// The connection under test is at the near end; the test is the server.
struct client_rig {
  explicit client_rig(const async::executor& on, transport::limits limits = {})
      : wires(on),
        bounds(limits),
        timer(on, [this] { wires.near->close(); }),
        client(*wires.near, party::registry, bounds, timer) {}

  void say(std::string_view bytes) { wires.back->put(bytes); }
  std::string said() { return wires.there->take(); }

  memory_pair wires;
  transport::limits bounds;
  async::deadline timer;
  transport::h1_client client;
};

struct both_rig {
  explicit both_rig(const async::executor& on, transport::limits limits = {})
      : wires(on),
        bounds(limits),
        client_timer(on, [this] { wires.near->close(); }),
        server_timer(on, [this] { wires.far->close(); }),
        client(*wires.near, party::registry, bounds, client_timer),
        server(*wires.far, bounds, server_timer) {}

  memory_pair wires;
  transport::limits bounds;
  async::deadline client_timer;
  async::deadline server_timer;
  transport::h1_client client;
  transport::h1_server server;
};

inline http::request_head request(std::string method, std::string target = "/v2/") {
  http::request_head made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.headers.add("Host", "registry.test");
  return made;
}

inline http::response_head response(int status) {
  http::response_head made;
  made.status = status;
  made.reason = std::string(http::reason_phrase(status));
  return made;
}

inline http::framing counted(std::uint64_t length) {
  return {http::framing::kind::counted, length};
}
inline http::framing chunked() {
  return {http::framing::kind::chunked, 0};
}
inline http::framing until_close() {
  return {http::framing::kind::until_close, 0};
}
inline http::framing no_body() {
  return {};
}

// The rest of a body; what came before a failure is lost.
template <class Reader>
async::task<result<std::string>> read_all(Reader& from) {
  std::string all;
  for (;;) {
    auto piece = co_await from.read();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return all;
    all += *piece;
  }
}

// A whole message's body, in one piece.
template <class Writer>
async::task<result<void>> write_whole(Writer& to, std::string_view body, http::fields trailers = {}) {
  auto written = co_await to.write(body);
  if (!written) co_return written;
  auto finished = co_await to.finish(std::move(trailers));
  co_return finished;
}

// A whole answer.
inline async::task<result<void>> answer(transport::downstream& to, http::response_head head, std::string_view body) {
  auto begun = co_await to.respond(std::move(head), counted(body.size()));
  if (!begun) co_return begun;
  auto done = co_await write_whole(to, body);
  co_return done;
}

}  // namespace regpass::testing
