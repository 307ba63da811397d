// Token requests: one in flight per key for all workers, answers cached, failures remembered briefly.
//
// All of it happens on one worker, the home; others come here (async::elsewhere) and wait on its executor, so nothing
// needs a lock.
#pragma once

#include "auth/token_cache.hpp"
#include "forward/services/options.hpp"
#include "regpass/forward/metrics.hpp"
#include "transport/pool.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace regpass::forward {

struct token_order {
  auth::token_key key;
  auth::token_request request;
  transport::route route;    // to the realm's origin
  steady_time newer_than{};  // a cached token will do if it was obtained since
};

// `shared`: somebody else's exchange gave the answer, or a remembered failure.
struct token_delivery {
  auth::token_answer answer;
  bool shared = false;
};

// A cached token, as people may see it.
struct held_token {
  auth::token_key key;
  registry::scope_set asked;
  std::optional<registry::scope_set> granted;  // absent: opaque
  std::chrono::seconds left{0};                // of its life
};

class token_client {
 public:
  token_client(async::executor home, transport::limits bounds, token_bounds tokens, metrics& counts);
  ~token_client();

  // From any worker.
  async::task<auth::token_ptr> cached(auth::token_key key, registry::scope_set need);
  async::task<token_delivery> obtain(token_order order);
  // Behind the caller's back; nothing happens where it has been done or is under way. For tokens that are in use and
  // past 80 % of their life.
  void renew(token_order order);
  async::task<void> forget(auth::token_ptr token);
  // A credential went away with a reload: its tokens go, too.
  async::task<void> drop(std::uint64_t generation);
  async::task<std::vector<held_token>> held();

 private:
  struct flight;
  struct flight_key {
    auth::token_key key;
    registry::scope_set scopes;
    bool post = false;
    auto operator<=>(const flight_key&) const = default;
  };
  struct remembered {
    auth::token_answer answer;
    steady_time until;
  };

  async::task<auth::token_ptr> cached_at_home(auth::token_key key, registry::scope_set need);
  async::task<token_delivery> obtain_at_home(token_order order);
  async::task<void> forget_at_home(auth::token_ptr token);
  async::task<void> drop_at_home(std::uint64_t generation);
  async::task<std::vector<held_token>> held_at_home();
  async::task<void> renew_at_home(token_order order);
  async::task<token_delivery> fetch(token_order order);
  async::task<auth::token_answer> exchange(const token_order& order);
  async::task<auth::token_answer> ask_in_time(transport::connection& connection, const token_order& order,
                                              steady_time until);
  async::task<auth::token_answer> ask(transport::connection& connection, const token_order& order);
  void remember(const flight_key& key, const auth::token_answer& answer);

  async::executor home_;
  metrics& metrics_;
  token_bounds tokens_;
  transport::pool pool_;
  auth::token_cache cache_;
  std::map<flight_key, std::shared_ptr<flight>> flights_;
  std::map<flight_key, remembered> failures_;
  std::minstd_rand random_;
};

}  // namespace regpass::forward
