#include "forward/session/session.hpp"

#include "forward/session/session_impl.hpp"

namespace regpass::forward {

// No coroutines of their own: their frames would wait as long as the session does.
async::task<void> run_session(const worker_context& around, std::unique_ptr<net::stream> client, std::string peer) {
  auto work = std::make_unique<session>(around, std::move(client), std::move(peer), "proxy");
  auto opening = work->serve_proxy();
  return session::run(std::move(work), std::move(opening));
}

async::task<void> run_captured_session(const worker_context& around, std::unique_ptr<net::stream> client,
                                       std::string peer, boost::asio::ip::tcp::endpoint original) {
  auto work = std::make_unique<session>(around, std::move(client), std::move(peer), "transparent");
  auto opening = work->serve_captured(std::move(original));
  return session::run(std::move(work), std::move(opening));
}

async::task<void> run_mirror_session(const worker_context& around, std::unique_ptr<net::stream> client,
                                     std::string peer, std::string mirror) {
  auto work = std::make_unique<session>(around, std::move(client), std::move(peer), "mirror");
  auto opening = work->serve_mirror(std::move(mirror));
  return session::run(std::move(work), std::move(opening));
}

}  // namespace regpass::forward
