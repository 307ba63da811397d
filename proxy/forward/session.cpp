#include "regpass/forward/session.hpp"

#include "session_impl.hpp"

namespace regpass::forward {

// No coroutines of their own: their frames would wait as long as the session does.
net::task<void> run_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer) {
  return session::run(std::make_unique<session>(around, std::move(client), std::move(peer), "proxy"));
}

net::task<void> run_captured_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer,
                                     boost::asio::ip::tcp::endpoint original) {
  auto work = std::make_unique<session>(around, std::move(client), std::move(peer), "transparent");
  return session::run_captured(std::move(work), original);
}

net::task<void> run_mirror_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer,
                                   std::string mirror) {
  auto work = std::make_unique<session>(around, std::move(client), std::move(peer), "mirror");
  return session::run_mirror(std::move(work), std::move(mirror));
}

}  // namespace regpass::forward
