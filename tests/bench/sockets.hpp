// Sockets, and the poller that reports when they are ready.
#pragma once

#include "options.hpp"

#include <netdb.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace bench {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

struct Endpoint {
  explicit Endpoint(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) fail("expected host:port, got " + text);
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }

  [[nodiscard]] std::string text() const { return host + ":" + port; }

  /// Creates an unconnected socket for this endpoint's first address and passes both to `use`.
  template <typename Use>
  [[nodiscard]] Descriptor open(Use use) const {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &raw); error != 0)
      fail(text() + ": " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address(raw, &::freeaddrinfo);
    Descriptor socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0 || use(socket.get(), *address) != 0) fail_system(text());
    return socket;
  }

  std::string host;
  std::string port;
};

inline Descriptor connect_to(const Endpoint& endpoint) {
  return endpoint.open([](int socket, const addrinfo& to) { return ::connect(socket, to.ai_addr, to.ai_addrlen); });
}

inline Descriptor listen_on(const Endpoint& endpoint) {
  return endpoint.open([](int socket, const addrinfo& at) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return ::bind(socket, at.ai_addr, at.ai_addrlen) != 0 ? -1 : ::listen(socket, SOMAXCONN);
  });
}

// Edge-triggered and registered once: every handler continues until the socket would block, so the interest set never
// changes.
inline constexpr std::uint32_t both_edges = EPOLLIN | EPOLLOUT | EPOLLET;

class Poller {
 public:
  Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_.get() < 0) fail_system("epoll_create1");
  }

  void add(int descriptor, std::uint32_t events, void* owner) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = owner;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) fail_system("epoll_ctl");
  }

  /// Waits, then calls `handle` with the owner of each ready descriptor.
  template <typename Handle>
  void wait(Handle handle) {
    const int ready = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1);
    if (ready < 0 && errno != EINTR) fail_system("epoll_wait");
    for (int i = 0; i < ready; ++i) handle(events_[static_cast<std::size_t>(i)].data.ptr);
  }

 private:
  Descriptor epoll_;
  std::array<epoll_event, 256> events_{};
};

}  // namespace bench
