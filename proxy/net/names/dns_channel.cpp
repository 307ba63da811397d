#include "net/names/dns_channel.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace regpass::net {

namespace {

// The first wait for a name server; c-ares doubles it for each round.
constexpr int timeout_ms = 1000;
constexpr int tries = 4;

bool library_ready() {
  static const bool ready = ::ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

boost::asio::ip::address address_of(const sockaddr& of) {
  if (of.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &of, sizeof v6);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes, v6.sin6_scope_id);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &of, sizeof v4);
  return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
}

// The C callback of ares_getaddrinfo. It owns the C++ callback that `ask` allocated.
void answered(void* callback, int status, int /*timeouts*/, ares_addrinfo* found) {
  const std::unique_ptr<dns_channel::callback> done(static_cast<dns_channel::callback*>(callback));
  dns_answer answer;
  answer.status = status;
  int ttl = found != nullptr && found->nodes != nullptr ? found->nodes->ai_ttl : 0;
  for (const auto* node = found == nullptr ? nullptr : found->nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_addr == nullptr) continue;
    answer.addresses.push_back(address_of(*node->ai_addr));
    ttl = std::min(ttl, node->ai_ttl);
  }
  for (const auto* alias = found == nullptr ? nullptr : found->cnames; alias != nullptr; alias = alias->next) {
    ttl = std::min(ttl, alias->ttl);
  }
  answer.ttl = std::chrono::seconds(std::max(ttl, 0));
  if (found != nullptr) ::ares_freeaddrinfo(found);
  if (status == ARES_SUCCESS && answer.addresses.empty()) answer.status = ARES_ENODATA;
  (*done)(std::move(answer));
}

}  // namespace

// c-ares opens and closes the socket; this only watches it.
struct dns_channel::watched {
  watched(const async::executor& on, ares_socket_t socket) : number(socket), descriptor(on) {
    boost::system::error_code failed;  // a socket that cannot be watched runs into c-ares's timeout
    descriptor.assign(socket, failed);
    closed = failed.failed();
  }

  ares_socket_t number;
  boost::asio::posix::stream_descriptor descriptor;
  bool wants_read = false;
  bool wants_write = false;
  bool reading = false;
  bool writing = false;
  bool closed = false;
};

std::shared_ptr<dns_channel> dns_channel::open(const async::executor& on, const dns_channel_options& options) {
  if (!library_ready()) return nullptr;
  auto channel = std::make_shared<dns_channel>(on);
  ares_options settings{};
  int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
             ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
  settings.flags = ARES_FLAG_NOSEARCH;  // the caller walks the search list
  if (options.over_tcp) settings.flags |= ARES_FLAG_USEVC;
  if (options.first_answer) settings.flags |= ARES_FLAG_NOCHECKRESP;
  settings.timeout = timeout_ms;
  settings.tries = tries;
  std::string lookups = "b";
  settings.lookups = lookups.data();
  std::string path = options.resolv_conf;
  settings.resolvconf_path = path.data();
  settings.sock_state_cb = &dns_channel::on_socket_state;
  settings.sock_state_cb_data = channel.get();
  if (options.port != 53) {
    mask |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
    settings.udp_port = options.port;
    settings.tcp_port = options.port;
  }
  if (::ares_init_options(&channel->channel_, &settings, mask) != ARES_SUCCESS) {
    channel->channel_ = nullptr;
    return nullptr;
  }
  return channel;
}

dns_channel::~dns_channel() {
  close();
}

void dns_channel::close() noexcept {
  timer_.cancel();
  if (channel_ != nullptr) ::ares_destroy(std::exchange(channel_, nullptr));
}

void dns_channel::ask(const std::string& name, int family, callback done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  auto kept = std::make_unique<callback>(std::move(done));
  ::ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &answered, kept.release());
  arm_timer();
}

void dns_channel::on_socket_state(void* self, ares_socket_t socket, int readable, int writable) {
  auto& channel = *static_cast<dns_channel*>(self);
  auto& known = channel.sockets_[socket];
  if (readable == 0 && writable == 0) {
    if (known && !std::exchange(known->closed, true)) known->descriptor.release();
    channel.sockets_.erase(socket);
    return;
  }
  if (!known) known = std::make_shared<watched>(channel.on_, socket);
  known->wants_read = readable != 0;
  known->wants_write = writable != 0;
  channel.watch(known, true);
  channel.watch(known, false);
}

void dns_channel::watch(const std::shared_ptr<watched>& socket, bool for_reading) {
  auto& busy = for_reading ? socket->reading : socket->writing;
  if (busy || socket->closed || !(for_reading ? socket->wants_read : socket->wants_write)) return;
  busy = true;
  using boost::asio::posix::descriptor_base;
  socket->descriptor.async_wait(for_reading ? descriptor_base::wait_read : descriptor_base::wait_write,
                                [self = weak_from_this(), socket, for_reading](const boost::system::error_code& ec) {
                                  (for_reading ? socket->reading : socket->writing) = false;
                                  const auto here = self.lock();
                                  if (ec || socket->closed || !here || here->channel_ == nullptr) return;
                                  ::ares_process_fd(here->channel_, for_reading ? socket->number : ARES_SOCKET_BAD,
                                                    for_reading ? ARES_SOCKET_BAD : socket->number);
                                  here->watch(socket, for_reading);
                                  here->arm_timer();
                                });
}

void dns_channel::arm_timer() {
  if (channel_ == nullptr) return;
  timeval left{};
  if (::ares_timeout(channel_, nullptr, &left) == nullptr) return;
  timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec) +
                       std::chrono::milliseconds(1));
  timer_.async_wait([self = weak_from_this()](const boost::system::error_code& ec) {
    const auto here = self.lock();
    if (ec || !here || here->channel_ == nullptr) return;
    ::ares_process_fd(here->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    here->arm_timer();
  });
}

}  // namespace regpass::net
