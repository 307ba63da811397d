#include "cli/ask_sidecar.hpp"

#include "regpass/net/local_socket.hpp"

#include <boost/asio/io_context.hpp>

#include <utility>

namespace regpass::cli {

namespace {

constexpr auto answer_within = std::chrono::seconds{10};

async::task<void> ask(std::filesystem::path socket, std::string target, result<admin::answer>& into) {
  auto wire = co_await net::connect_local(std::move(socket));
  if (!wire) {
    into = std::unexpected(wire.error());
    co_return;
  }
  into = co_await admin::ask(std::move(*wire), "GET", std::move(target), std::string(), answer_within);
}

}  // namespace

result<admin::answer> ask_sidecar(const std::filesystem::path& socket, std::string target) {
  boost::asio::io_context loop(1);
  result<admin::answer> got = fail(errc::cancelled, socket.string() + " was not asked");
  async::spawn(loop.get_executor(), ask(socket, std::move(target), got), "asking the sidecar");
  loop.run();
  return got;
}

}  // namespace regpass::cli
