// Name resolution: /etc/hosts, then DNS through c-ares, then the other sources that /etc/nsswitch.conf names. Lookups
// run side by side, and none blocks a worker thread.
#pragma once

#include "regpass/async/task.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace regpass::net {

// On whose behalf a name is looked up. A lookup is dropped once all its requesters have left.
class requester {
 public:
  explicit requester(std::string client) : client_(std::move(client)) {}
  const std::string& client() const noexcept { return client_; }

  void leave();  // from any thread
  // The client has half-closed its connection and has probably gone: when there are too many lookups, its lookup is
  // abandoned first. From any thread.
  void mark_leaving() noexcept { leaving_ = true; }
  bool leaving() const noexcept { return leaving_; }
  bool gone() const;
  // `callback` runs once: inside `leave` and on its thread, or at once if the requester has left already.
  void on_leave(std::function<void()> callback);

 private:
  std::string client_;
  std::atomic<bool> leaving_ = false;
  mutable std::mutex lock_;
  bool gone_ = false;
  std::function<void()> callback_;
};

struct resolver_options {
  std::filesystem::path hosts = "/etc/hosts";
  std::filesystem::path resolv_conf = "/etc/resolv.conf";
  std::filesystem::path nsswitch_conf = "/etc/nsswitch.conf";
  std::uint16_t port = 53;  // of the name servers

  std::size_t max_lookups = 256;
  std::size_t max_per_client = 100;  // names looked up for one client at a time
  std::size_t max_queued = 1024;     // names that wait until one of these lookups has ended
  std::size_t max_cached = 1024;
  std::chrono::milliseconds lookup_within{10'000};
  // A lookup that is older may be given up in favour of another name when there are too many.
  std::chrono::milliseconds patience{1'000};
  // How much longer the second address family may take once the first is known.
  std::chrono::milliseconds second_family_within{500};
  std::chrono::milliseconds answer_kept{30'000};  // at most; less if its TTL is shorter
  std::chrono::milliseconds refusal_kept{3'000};  // the name does not exist or has no address
  std::chrono::milliseconds failure_kept{1'000};  // the name server failed or did not answer
};

struct name_query {
  std::string host;                           // canonical, and not an address literal
  std::shared_ptr<requester> requested_by{};  // may be null
  party blame = party::registry;
  std::chrono::milliseconds within{10'000};
};

class resolver : public std::enable_shared_from_this<resolver> {
 public:
  using addresses = std::vector<boost::asio::ip::address>;

  // All work is done on `home`. `look_up` may be called from any thread.
  explicit resolver(async::executor home, resolver_options options = {});
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  // At least one address, in the order in which to try them. Errors, in phase::resolve: unresolved, timed_out, or
  // cancelled when the requester left.
  async::task<result<addresses>> look_up(name_query query);
  // Drops the cached addresses, for example because no connection to them succeeded.
  void forget(const std::string& host);

  bool lives_on(const boost::asio::execution_context& loop) const;
  void close() noexcept;  // to be called when that loop ends

  struct state;

 private:
  std::shared_ptr<state> state_;
};

// The resolver of the event loop that `on` belongs to: one with the system's files, unless another was set before.
std::shared_ptr<resolver> resolver_of(const async::executor& on);
void set_resolver(const async::executor& on, std::shared_ptr<resolver> shared);

}  // namespace regpass::net
