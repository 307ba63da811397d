#include "forward/services/token_client.hpp"

#include "auth/backoff.hpp"
#include "regpass/async/deadline.hpp"

#include <algorithm>
#include <exception>

namespace regpass::forward {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t max_failures = 1024;

transport::limits token_limits(transport::limits bounds, const token_bounds& tokens) {
  bounds.response_within = std::min(bounds.response_within, tokens.exchange_within);
  bounds.idle_for = std::min(bounds.idle_for, tokens.exchange_within);
  // A connection attempt must not outlast the whole exchange.
  bounds.connect_within = std::min(bounds.connect_within, tokens.exchange_within / 2);
  bounds.tls_within = std::min(bounds.tls_within, tokens.exchange_within / 2);
  return bounds;
}

auth::token_answer transport_failure(error problem) {
  auth::token_failure failure;
  failure.what = auth::token_failure::kind::transport;
  failure.message = problem.detail;
  failure.problem = std::move(problem);
  return auth::token_answer{nullptr, std::move(failure)};
}

bool unprocessed(const transport::connection& used, const auth::token_answer& answer) {
  return answer.failure && answer.failure->problem && used.unprocessed(*answer.failure->problem);
}

std::string_view outcome_of(const auth::token_answer& answer) {
  return answer.failure ? auth::name_of(answer.failure->what) : "granted";
}

http::framing body_of(const auth::wire_request& wire) {
  if (wire.body.empty()) return {};
  return http::framing{.how = http::framing::kind::counted, .length = wire.body.size()};
}

}  // namespace

struct token_client::flight {
  explicit flight(const async::executor& on) : landed(on, boost::asio::steady_timer::time_point::max()) {}
  boost::asio::steady_timer landed;
  std::optional<auth::token_answer> answer;
  bool dropped = false;
};

token_client::token_client(async::executor home, transport::limits bounds, token_bounds tokens, metrics& counts)
    : home_(std::move(home)),
      metrics_(counts),
      tokens_(tokens),
      pool_(home_, token_limits(bounds, tokens)),
      cache_(tokens.cached_tokens),
      random_(std::random_device()()) {}

token_client::~token_client() = default;

async::task<auth::token_ptr> token_client::cached(auth::token_key key, registry::scope_set need) {
  auto work = cached_at_home(std::move(key), std::move(need));
  auto token = co_await async::run_on(home_, std::move(work));
  co_return token;
}

async::task<auth::token_ptr> token_client::cached_at_home(auth::token_key key, registry::scope_set need) {
  co_return cache_.find(key, need, now().steady);
}

void token_client::renew(token_query query) {
  async::spawn(home_, renew_at_home(std::move(query)), "token renewal");
}

async::task<void> token_client::renew_at_home(token_query query) {
  const auto at = now().steady;
  const auto there = cache_.find(query.key, query.request.scopes, at);
  if (there && !there->renewal_due(at)) co_return;
  co_await fetch(std::move(query));
}

async::task<token_result> token_client::obtain(token_query query) {
  auto work = obtain_at_home(std::move(query));
  auto result = co_await async::run_on(home_, std::move(work));
  co_return result;
}

// Requests that started before the first of them had its token share its flight; later ones find the token in the
// cache.
async::task<token_result> token_client::obtain_at_home(token_query query) {
  auto token = cache_.find(query.key, query.request.scopes, now().steady);
  if (token && token->obtained_at >= query.newer_than) {
    co_return token_result{auth::token_answer{std::move(token), std::nullopt}, true};
  }
  auto result = co_await fetch(std::move(query));
  co_return result;
}

async::task<token_result> token_client::fetch(token_query query) {
  const flight_key key{query.key, query.request.scopes, query.request.how == auth::token_request::form::post};
  const auto known = failures_.find(key);
  if (known != failures_.end() && now().steady < known->second.until)
    co_return token_result{known->second.answer, true};

  const auto under_way = flights_.find(key);
  if (under_way != flights_.end()) {
    const auto shared = under_way->second;
    while (!shared->answer) co_await shared->landed.async_wait(async::use_task);
    co_return token_result{*shared->answer, true};
  }
  const auto mine = std::make_shared<flight>(home_);
  flights_.emplace(key, mine);
  auto answer = co_await exchange(query);
  metrics_.token_request(registry::to_text(query.key.registry), outcome_of(answer));
  flights_.erase(key);
  mine->answer = answer;
  mine->landed.cancel();
  // The credential was removed meanwhile: the answer is only for the requests that started with it.
  if (mine->dropped) co_return token_result{std::move(answer), false};
  if (answer.token) {
    failures_.erase(key);
    cache_.store(query.key, answer.token, now().steady);
  } else {
    remember(key, answer);
  }
  co_return token_result{std::move(answer), false};
}

// Later requests get the failure instead of asking the token server again.
void token_client::remember(const flight_key& key, const auth::token_answer& answer) {
  const auto span = auth::hold_off(*answer.failure, std::uniform_real_distribution<>()(random_));
  if (span.count() == 0) return;
  const auto at = now().steady;
  if (failures_.size() >= max_failures)
    std::erase_if(failures_, [&](const auto& entry) { return entry.second.until <= at; });
  if (failures_.size() >= max_failures) failures_.clear();
  failures_.insert_or_assign(key, remembered{answer, at + span});
}

async::task<auth::token_answer> token_client::exchange(const token_query& query) {
  const auto until = now().steady + tokens_.exchange_within;
  for (bool fresh = false;; fresh = true) {
    auto connection = co_await pool_.get(query.route, fresh);
    if (!connection) co_return transport_failure(connection.error());
    auto answer = co_await send_in_time(**connection, query, until);
    const bool again = !fresh && unprocessed(**connection, answer);
    if (again) continue;
    pool_.put(query.route, std::move(*connection));
    co_return answer;
  }
}

async::task<auth::token_answer> token_client::send_in_time(transport::connection& connection, const token_query& query,
                                                           steady_time until) {
  const auto left = std::chrono::duration_cast<milliseconds>(until - now().steady);
  async::deadline total(home_, [&connection] { connection.close(); });
  total.set(phase::head, std::max(left, milliseconds{1}));
  auto answer = co_await send(connection, query);
  if (answer.failure && answer.failure->problem) *answer.failure->problem = total.blame(*answer.failure->problem);
  co_return answer;
}

async::task<auth::token_answer> token_client::send(transport::connection& connection, const token_query& query) {
  const auto asked_at = now().steady;
  auto wire = auth::render(query.request);
  if (!wire.authorization.empty()) wire.head.headers.add("Authorization", wire.authorization.expose());
  auto& http = connection.http();
  auto sent = co_await http.send(wire.head, body_of(wire));
  if (sent && !wire.body.empty()) sent = co_await http.write(wire.body.expose());
  if (sent && !wire.body.empty()) sent = co_await http.finish(http::fields());
  if (!sent) co_return transport_failure(connection.blame(sent.error()));

  auto head = co_await http.head();
  while (head && http::is_interim(*head)) head = co_await http.head();
  if (!head) co_return transport_failure(connection.blame(head.error()));
  std::string body;
  for (;;) {
    auto piece = co_await http.read();
    if (!piece) co_return transport_failure(connection.blame(piece.error()));
    if (piece->empty()) break;
    if (body.size() + piece->size() > tokens_.answer.response_bytes) {
      http.abort();
      co_return transport_failure(
          error(errc::too_large, party::token_server, phase::body, "the token answer is too large", 0, true));
    }
    body += *piece;
  }
  auto answer = auth::read_answer(query.request, *head, body, instant(asked_at, now().wall), tokens_.answer);
  wipe(body);
  co_return answer;
}

async::task<void> token_client::forget(auth::token_ptr token) {
  auto work = forget_at_home(std::move(token));
  co_await async::run_on(home_, std::move(work));
}

async::task<void> token_client::forget_at_home(auth::token_ptr token) {
  cache_.forget(token);
  co_return;
}

async::task<void> token_client::drop(std::uint64_t generation) {
  auto work = drop_at_home(generation);
  co_await async::run_on(home_, std::move(work));
}

async::task<void> token_client::drop_at_home(std::uint64_t generation) {
  cache_.drop(generation);
  for (auto& [key, running] : flights_) running->dropped = running->dropped || key.key.generation == generation;
  std::erase_if(failures_, [&](const auto& entry) { return entry.first.key.generation == generation; });
  co_return;
}

async::task<std::vector<held_token>> token_client::held() {
  auto work = held_at_home();
  auto all = co_await async::run_on(home_, std::move(work));
  co_return all;
}

async::task<std::vector<held_token>> token_client::held_at_home() {
  const auto at = now().steady;
  std::vector<held_token> all;
  for (const auto& [key, token] : cache_.live(at)) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(token->obtained_at + token->life - at);
    all.push_back(held_token{key, token->asked, token->granted, left});
  }
  co_return all;
}

}  // namespace regpass::forward
