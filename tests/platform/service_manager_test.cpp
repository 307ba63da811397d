// What a service manager hears; it is played by a socket of the test's own.
#include "platform/service_manager.hpp"

#include "support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

using namespace regpass;
using namespace regpass::testing;
using platform::service_manager;
using namespace std::chrono_literals;

namespace {

// As NOTIFY_SOCKET names it: a path, or "@NAME".
class receiver {
 public:
  explicit receiver(std::string name) : name_(std::move(name)), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name_.data(), name_.size());
    if (name_.front() == '@') at.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), length) == 0);
  }
  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;
  ~receiver() { ::close(fd_); }

  // The next datagram; empty when there is none.
  std::string next() const {
    std::array<char, 4096> buffer{};
    const auto length = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return length < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(length));
  }

  std::map<std::string, std::string> environment() const { return {{"NOTIFY_SOCKET", name_}}; }

 private:
  std::string name_;
  int fd_;
};

// How often a watchdog of 20 ms was fed in 200 ms, when every `nth` question is answered by yes (0: none is).
std::size_t meals(const receiver& by, std::map<std::string, std::string> environment, int nth) {
  environment["WATCHDOG_USEC"] = "20000";
  boost::asio::io_context loop;
  int asked = 0;
  const auto ask = [&asked, nth]() -> async::task<bool> { co_return nth > 0 && ++asked % nth == 0; };
  async::spawn(loop.get_executor(), service_manager::feed_watchdog(service_manager(environment), ask), "watchdog");
  loop.run_for(200ms);
  std::size_t count = 0;
  while (by.next() == "WATCHDOG=1\n") ++count;
  return count;
}

}  // namespace

TEST_CASE("The service manager hears what happens, one datagram each") {
  const temporary_directory place;
  const bool abstract = GENERATE(false, true);
  const receiver manager(abstract ? "@regpass-test-" + std::to_string(::getpid()) : (place / "notify").string());
  const service_manager told(manager.environment());
  told.ready("2 entries\nREADY=0");
  CHECK(manager.next().starts_with("READY=1\nSTATUS=2 entries"));
  told.reloading();
  CHECK(manager.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  told.ready("again");
  CHECK(manager.next() == "READY=1\nSTATUS=again\n");
  told.stopping(60s, "draining");
  CHECK(manager.next() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=70000000\nSTATUS=draining\n");
  CHECK(manager.next().empty());
}

TEST_CASE("A status cannot say anything else to the service manager") {
  const temporary_directory place;
  const receiver manager(place / "notify");
  service_manager(manager.environment()).ready("a\nWATCHDOG=trigger\nb");
  const auto heard = manager.next();
  CHECK(heard.find("\nWATCHDOG") == std::string::npos);
  CHECK(std::count(heard.begin(), heard.end(), '\n') == 2);
}

TEST_CASE("Without a service manager nobody is told, and one that is gone or misnamed does no harm") {
  service_manager(std::map<std::string, std::string>{}).ready("x");
  const auto lost = GENERATE(std::string("/nowhere/notify"), std::string(200, 'x'), std::string("@nobody"));
  service_manager(std::map<std::string, std::string>{{"NOTIFY_SOCKET", lost}}).ready("x");
}

TEST_CASE("The watchdog is fed for as long as all loops answer, and only if it is ours") {
  const temporary_directory place;
  const receiver manager(place / "notify");
  auto environment = manager.environment();
  CHECK(meals(manager, environment, 1) > 2);
  CHECK(meals(manager, environment, 0) == 0);
  CHECK(meals(manager, environment, 2) > 1);
  environment["WATCHDOG_PID"] = std::to_string(::getpid());
  CHECK(meals(manager, environment, 1) > 2);
  environment["WATCHDOG_PID"] = std::to_string(::getppid());
  CHECK(meals(manager, environment, 1) == 0);
}
