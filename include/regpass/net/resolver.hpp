// Name resolution: /etc/hosts, then DNS by c-ares, then whatever else /etc/nsswitch.conf names. No lookup waits for
// another one, and none blocks a thread of ours.
#pragma once

#include "regpass/net/task.hpp"

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

// On whose behalf a name is looked up. A lookup that nobody waits for any more is dropped.
class asker {
 public:
  explicit asker(std::string client) : client_(std::move(client)) {}
  const std::string& client() const noexcept { return client_; }

  void leave();  // from any thread
  // The client has ended its side of the connection and is probably gone: its lookup is the first to be given up when
  // there are too many. From any thread.
  void mark_leaving() noexcept { leaving_ = true; }
  bool leaving() const noexcept { return leaving_; }
  bool gone() const;
  // Called once, by `leave`, on its thread; at once if that has happened.
  void when_gone(std::function<void()> call);

 private:
  std::string client_;
  std::atomic<bool> leaving_ = false;
  mutable std::mutex lock_;
  bool gone_ = false;
  std::function<void()> call_;
};

struct resolver_options {
  std::filesystem::path hosts = "/etc/hosts";
  std::filesystem::path resolv_conf = "/etc/resolv.conf";
  std::filesystem::path nsswitch_conf = "/etc/nsswitch.conf";
  std::uint16_t port = 53;  // of the name servers

  std::size_t most_lookups = 256;
  std::size_t most_per_client = 100;  // names looked up for one client at a time
  std::size_t most_queued = 1024;     // names that wait until one of these lookups has ended
  std::size_t most_cached = 1024;
  std::chrono::milliseconds lookup_within{10'000};
  // From then on a lookup may be given up for another name, once there are too many.
  std::chrono::milliseconds patience{1'000};
  // When one address family is known, how much longer the other may take.
  std::chrono::milliseconds second_family_within{500};
  std::chrono::milliseconds answer_kept{30'000};  // at most, whatever its TTL
  std::chrono::milliseconds refusal_kept{3'000};  // the name does not exist or has no address
  std::chrono::milliseconds failure_kept{1'000};  // the name server failed or did not answer
};

struct name_query {
  std::string host;             // canonical; no address literal
  std::shared_ptr<asker> from;  // may be null
  party blame = party::registry;
  std::chrono::milliseconds within{10'000};
};

class resolver : public std::enable_shared_from_this<resolver> {
 public:
  using addresses = std::vector<boost::asio::ip::address>;

  // All its work is done on `home`. Any thread may ask.
  explicit resolver(executor home, resolver_options options = {});
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  // At least one address, those to try first in front; or errc::unresolved, errc::timed_out or errc::cancelled (the
  // asker left), in phase::resolve.
  task<result<addresses>> look_up(name_query what);
  // The addresses are of no use: whoever asks next gets fresh ones.
  void forget(const std::string& host);

  bool lives_on(const boost::asio::execution_context& loop) const;
  void close() noexcept;  // when that loop ends

  struct state;

 private:
  std::shared_ptr<state> state_;
};

// The resolver of the event loop that `on` belongs to: one with the system's files, unless another was set before.
std::shared_ptr<resolver> resolver_of(const executor& on);
void set_resolver(const executor& on, std::shared_ptr<resolver> shared);

}  // namespace regpass::net
