// Token requests: one in flight per key for all workers, answers cached, failures remembered briefly.
//
// All of it happens on one worker, the home. Other workers reach it by async::run_on, so nothing needs a lock.
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

struct token_query {
  auth::token_key key;
  auth::token_request request;
  transport::route route;    // to the realm's origin
  steady_time newer_than{};  // a cached token must have been obtained since then
};

// `shared`: the answer came from another request's exchange, from the cache or from a remembered failure.
struct token_result {
  auth::token_answer answer;
  bool shared = false;
};

// A cached token without its secret, for the page.
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

  // All of these may be called from any worker.
  async::task<auth::token_ptr> cached(auth::token_key key, registry::scope_set need);
  async::task<token_result> obtain(token_query query);
  // Renews in the background a token that is in use and past 80 % of its life, unless that is done or under way.
  void renew(token_query query);
  async::task<void> forget(auth::token_ptr token);
  // Drops the tokens of a credential that a reload removed.
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
  async::task<token_result> obtain_at_home(token_query query);
  async::task<void> forget_at_home(auth::token_ptr token);
  async::task<void> drop_at_home(std::uint64_t generation);
  async::task<std::vector<held_token>> held_at_home();
  async::task<void> renew_at_home(token_query query);
  async::task<token_result> fetch(token_query query);
  async::task<auth::token_answer> exchange(const token_query& query);
  async::task<auth::token_answer> send_in_time(transport::connection& connection, const token_query& query,
                                               steady_time until);
  async::task<auth::token_answer> send(transport::connection& connection, const token_query& query);
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
