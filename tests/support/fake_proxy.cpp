#include "fake_proxy.hpp"

#include "common_ground.hpp"
#include "regpass/base/text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace regpass::testing {
namespace {

constexpr int look_every_ms = 20;  // polling interval for the end of the test

}  // namespace

fake_proxy::fake_proxy(scheme how) : how_(how) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  auto* generic = reinterpret_cast<sockaddr*>(&where);
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listening_ < 0 || ::bind(listening_, generic, size) != 0 || ::listen(listening_, 64) != 0 ||
      ::getsockname(listening_, generic, &size) != 0) {
    throw std::runtime_error("fake proxy: cannot listen");
  }
  port_ = ntohs(where.sin_port);
  accepting_ = std::thread([this] { accept(); });
}

fake_proxy::~fake_proxy() {
  stopping_ = true;
  ::shutdown(listening_, SHUT_RDWR);
  accepting_.join();
  for (auto& one : threads_) one.join();
  ::close(listening_);
}

void fake_proxy::requirement(std::string login) {
  const std::lock_guard held(lock_);
  login_ = std::move(login);
}

void fake_proxy::knows(std::string authority, std::uint16_t port) {
  const std::lock_guard held(lock_);
  known_[std::move(authority)] = port;
}

void fake_proxy::says(std::string bytes) {
  const std::lock_guard held(lock_);
  says_ = std::move(bytes);
}

std::string fake_proxy::url(const std::string& login) const {
  return std::string(how_ == scheme::https ? "https://" : "http://") + (login.empty() ? "" : login + "@") +
         "127.0.0.1:" + std::to_string(port_);
}

std::vector<message> fake_proxy::requests() const {
  const std::lock_guard held(lock_);
  return requests_;
}

std::vector<std::string> fake_proxy::asked_for() const {
  std::vector<std::string> all;
  for (const auto& one : requests()) all.push_back(one.target);
  return all;
}

void fake_proxy::accept() {
  for (;;) {
    const int descriptor = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0 || stopping_) {
      if (descriptor >= 0) ::close(descriptor);
      return;
    }
    ++accepted_;
    threads_.emplace_back([this, descriptor] { serve(descriptor); });
  }
}

void fake_proxy::serve(int descriptor) {
  wire client(descriptor);
  try {
    if (how_ == scheme::http || client.secure_as_server(common_ground().server)) converse(client);
  } catch (const std::exception&) {
  }
}

void fake_proxy::converse(wire& client) {
  message_reader reader(client, message_reader::kind::request);
  message asked;
  if (!reader.read_head(asked)) return;
  {
    const std::lock_guard held(lock_);
    requests_.push_back(asked);
  }
  const auto port = judge(client, asked);
  if (!port) {
    client.shut_write();
    while (!stopping_ && !client.readable(std::chrono::milliseconds{look_every_ms})) {
    }
    return;
  }
  auto server = wire::dial("127.0.0.1", *port);
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  if (const auto rest = reader.take_unread(); !rest.empty()) server.write(rest);
  splice(client, server);
}

std::optional<std::uint16_t> fake_proxy::judge(wire& client, const message& asked) {
  const std::lock_guard held(lock_);
  if (says_) {
    client.write(*says_);
    // When it sends nothing, it must not close the connection either.
    while (says_->empty() && !stopping_ && !client.readable(std::chrono::milliseconds{look_every_ms})) {
    }
    return std::nullopt;
  }
  if (!login_.empty() && asked.field("Proxy-Authorization") != "Basic " + base64(login_)) {
    client.write(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"corp\"\r\n"
        "Content-Length: 3\r\n\r\nno\n");
    return std::nullopt;
  }
  const auto known = known_.find(asked.target);
  if (asked.method == "CONNECT" && known != known_.end()) return known->second;
  client.write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
  return std::nullopt;
}

void fake_proxy::splice(wire& client, wire& server) const {
  const auto at_once = std::chrono::milliseconds{0};
  const auto pass_on = [&](wire& from, wire& to) {
    if (!from.readable(at_once)) return true;
    const auto piece = from.read();
    return !piece.empty() && to.write(piece);
  };
  while (!stopping_) {
    if (!pass_on(client, server) || !pass_on(server, client)) return;
    if (client.readable(at_once)) continue;
    std::array<pollfd, 2> both{pollfd{client.descriptor(), POLLIN, 0}, pollfd{server.descriptor(), POLLIN, 0}};
    ::poll(both.data(), both.size(), look_every_ms);
  }
}

}  // namespace regpass::testing
