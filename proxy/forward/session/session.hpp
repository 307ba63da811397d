// The life of one client connection, whichever way it came in.
#pragma once

#include "forward/services/services.hpp"
#include "regpass/net/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace regpass::forward {

// Returns when the connection is closed and everything that belonged to it has ended. `around` is copied.
async::task<void> run_session(const worker_context& around, std::unique_ptr<net::stream> client, std::string peer);
// `mirror`: its key in the snapshot.
async::task<void> run_mirror_session(const worker_context& around, std::unique_ptr<net::stream> client,
                                     std::string peer, std::string mirror);

// A connection that was redirected to us on its way to `original`, which has been judged (judge_capture). TLS for a
// served registry, named by SNI or by its address, ends here, and the registry is then reached by its name; HTTP is
// read; everything else is passed through to `original`, if [other_hosts] allows.
async::task<void> run_captured_session(const worker_context& around, std::unique_ptr<net::stream> client,
                                       std::string peer, boost::asio::ip::tcp::endpoint original);

}  // namespace regpass::forward
