// A client's connection: what every mode and every part of a session works on.
#pragma once

#include "forward/modes/target.hpp"
#include "forward/services/services.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/async/task_group.hpp"
#include "regpass/diagnosis/evidence.hpp"
#include "regpass/net/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace regpass::forward {

// TLS with the client that regpass terminates; see session/interception.hpp.
struct intercepted_tls {
  struct expected_handshake {
    expected_handshake(tls::context with, target where) : context(std::move(with)), to(std::move(where)) {}
    tls::context context;
    target to;
  };
  // Set while the client has yet to send its ClientHello: an idle connection then holds nothing else.
  std::unique_ptr<expected_handshake> expected;
  // Set once the handshake is done. Connections stay open for hours after that, so the frames that led here have
  // returned by then.
  std::unique_ptr<const target> established;
  bool http2 = false;      // negotiated in the handshake
  std::string user_agent;  // of the CONNECT, for registries that are only observed
};

struct connection {
  // `in_mode` must live as long as the program: it is a name from the table of modes.
  connection(const worker_context& on, std::unique_ptr<net::stream> client, std::string address,
             std::string_view in_mode);

  // New evidence about a request of this client; `to` is null while the target is unknown.
  diagnosis::evidence evidence_for(const http::request_head& head, const target* to) const;
  // Returns bytes that were read ahead to the next reader.
  void unread(std::string bytes);
  // Half-closes and discards what the client still sends: closing with unread input would reset the connection, and the
  // client would lose the response.
  async::task<void> linger();

  worker_context context;
  std::unique_ptr<net::stream> stream;
  std::string peer;
  std::string_view mode;
  async::deadline timer;
  boost::asio::ip::tcp::endpoint original_destination;  // in transparent mode: where the client connected to
  client_traits traits;
  intercepted_tls interception;
  std::unique_ptr<async::task_group> background;  // joined before the session ends
};

}  // namespace regpass::forward
