// A c-ares channel on an event loop. Each lookup has a channel, and therefore a source port, of its own.
#pragma once

#include "regpass/async/task.hpp"

#include <ares.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace regpass::net {

struct dns_answer {
  int status = ARES_SUCCESS;
  std::vector<boost::asio::ip::address> addresses{};  // sorted as getaddrinfo(3) does
  std::chrono::seconds ttl{0};
};

struct dns_channel_options {
  std::string resolv_conf;
  std::uint16_t port = 53;
  bool over_tcp = false;
  // Take the first answer of any server, even SERVFAIL, instead of asking the next server.
  bool first_answer = false;
};

class dns_channel : public std::enable_shared_from_this<dns_channel> {
 public:
  using callback = std::function<void(dns_answer)>;

  // Null if c-ares runs out of memory or descriptors.
  static std::shared_ptr<dns_channel> open(const async::executor& on, const dns_channel_options& options);
  explicit dns_channel(const async::executor& on) : on_(on), timer_(on) {}
  ~dns_channel();
  dns_channel(const dns_channel&) = delete;
  dns_channel& operator=(const dns_channel&) = delete;

  // `done` is called once, perhaps before `ask` returns, and must not close the channel.
  void ask(const std::string& name, int family, callback done);
  // Ends all running queries with ARES_EDESTRUCTION.
  void close() noexcept;

 private:
  struct watched;
  static void on_socket_state(void* self, ares_socket_t socket, int readable, int writable);
  void watch(const std::shared_ptr<watched>& socket, bool for_reading);
  void arm_timer();

  async::executor on_;
  boost::asio::steady_timer timer_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::shared_ptr<watched>> sockets_;
};

}  // namespace regpass::net
