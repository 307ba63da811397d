#include "regpass/forward/session.hpp"

#include "session_impl.hpp"

namespace regpass::forward {

net::task<void> run_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer) {
  ++around.shared.sessions;
  session work(around, std::move(client), std::move(peer), "proxy");
  co_await work.run();
  --around.shared.sessions;
}

net::task<void> run_captured_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer,
                                     boost::asio::ip::tcp::endpoint original) {
  ++around.shared.sessions;
  session work(around, std::move(client), std::move(peer), "transparent");
  co_await work.run_captured(original);
  --around.shared.sessions;
}

net::task<void> run_mirror_session(surroundings around, std::unique_ptr<net::stream> client, std::string peer,
                                   std::string mirror) {
  ++around.shared.sessions;
  session work(around, std::move(client), std::move(peer), "mirror");
  co_await work.run_mirror(mirror);
  --around.shared.sessions;
}

}  // namespace regpass::forward
