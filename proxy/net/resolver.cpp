#include "regpass/net/resolver.hpp"

#include "net/lookup.hpp"
#include "net/name_files.hpp"
#include "regpass/base/file.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/net/errors.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace regpass::net {

namespace {

using clock = std::chrono::steady_clock;
using addresses = resolver::addresses;

constexpr std::size_t largest_file = 8 * 1024 * 1024;
// Whether an asker is leaving or a lookup has become old enough to be given up is not signalled.
constexpr auto check_queue_every = std::chrono::milliseconds{50};

error resolve_error(errc code, std::string detail) {
  return error{.code = code, .who = party::us, .when = phase::resolve, .detail = std::move(detail)};
}

std::string own_host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

bool is_localhost(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost");
}

addresses loopback_addresses() {
  return {boost::asio::ip::address_v6::loopback(), boost::asio::ip::address_v4::loopback()};
}

}  // namespace

// Everything below runs on the thread of `home`.
struct resolver::state : std::enable_shared_from_this<state> {
  struct flight;
  // One call of look_up: in the queue, or in the list of one flight.
  struct waiter {
    waiter(const executor& on, name_query asked)
        : what(std::move(asked)),
          client(what.from ? what.from->client() : std::string()),
          until(clock::now() + what.within),
          timer(std::make_shared<boost::asio::steady_timer>(on)) {}
    bool leaving() const { return what.from && what.from->leaving(); }
    bool gone() const { return what.from && what.from->gone(); }

    name_query what;
    std::string client;
    clock::time_point until;
    std::shared_ptr<boost::asio::steady_timer> timer;  // cancelled when there is something to look at
    std::shared_ptr<flight> joined;
    std::string refusal;  // why it is not looked up, or not yet
    bool refused = false;
  };
  // One name that is being looked up, for all who wait for it.
  struct flight {
    flight(const executor& on, std::string for_client, std::chrono::milliseconds within)
        : client(std::move(for_client)), began(clock::now()), work(std::make_shared<lookup>(on, began + within)) {}

    std::string client;  // of whoever asked first
    clock::time_point began;
    std::shared_ptr<lookup> work;
    std::optional<result<addresses>> outcome;
    std::vector<waiter*> waiting;

    bool abandoned() const {
      return !waiting.empty() && std::ranges::all_of(waiting, [](const waiter* each) { return each->leaving(); });
    }
  };
  struct cached {
    result<addresses> outcome;
    clock::time_point until;
  };

  state(executor on, resolver_options how) : home(std::move(on)), options(std::move(how)) {}

  task<result<addresses>> look_up(name_query what);
  task<result<addresses>> wait(std::shared_ptr<waiter> me);
  task<void> fly(std::shared_ptr<flight> one, std::string host);
  void read_files();
  const addresses* in_hosts(const std::string& host) const;
  const result<addresses>* in_cache(const std::string& host);
  void keep(const std::string& host, const result<addresses>& outcome, std::chrono::milliseconds how_long);
  void admit(waiter& me);
  bool begin(waiter& me);
  bool make_room(waiter& me);
  void serve_queue();
  task<void> tend_queue();
  static void end(flight& one, result<addresses> outcome);

  executor home;
  resolver_options options;
  std::string marks;  // of the files as they were read
  hosts_table hosts;
  dns_settings dns;
  name_sources sources;
  std::map<std::string, std::shared_ptr<flight>> flights;
  std::deque<waiter*> queue;
  bool tending = false;
  std::map<std::string, cached> cache;
  std::shared_ptr<std::size_t> system_lookups = std::make_shared<std::size_t>(0);
};

// Looked at before each lookup: a mounted file may be another one at any time, and inotify does not see all of that.
void resolver::state::read_files() {
  auto seen = file_mark(options.hosts) + file_mark(options.resolv_conf) + file_mark(options.nsswitch_conf);
  if (seen == marks) return;
  marks = std::move(seen);
  const auto text_of = [](const std::filesystem::path& path) {
    auto read = read_file(path, largest_file);
    if (!read && read.error().code != errc::not_found) {
      log::write(log::level::warn, "resolver", "names are resolved without " + read.error().detail);
    }
    return read ? std::move(*read) : std::string();
  };
  hosts = parse_hosts(text_of(options.hosts));
  dns = parse_resolv_conf(text_of(options.resolv_conf), own_host_name());
  sources = parse_nsswitch(text_of(options.nsswitch_conf));
  cache.clear();
}

const addresses* resolver::state::in_hosts(const std::string& host) const {
  if (!sources.files) return nullptr;
  const auto found = hosts.find(host);
  return found == hosts.end() ? nullptr : &found->second;
}

const result<addresses>* resolver::state::in_cache(const std::string& host) {
  const auto found = cache.find(host);
  if (found == cache.end()) return nullptr;
  if (found->second.until > clock::now()) return &found->second.outcome;
  cache.erase(found);
  return nullptr;
}

void resolver::state::keep(const std::string& host, const result<addresses>& outcome,
                           std::chrono::milliseconds how_long) {
  if (how_long <= std::chrono::milliseconds(0)) return;
  const auto at = clock::now();
  if (cache.size() >= options.most_cached)
    std::erase_if(cache, [&](const auto& one) { return one.second.until <= at; });
  if (cache.size() >= options.most_cached) {
    cache.erase(std::ranges::min_element(cache, {}, [](const auto& one) { return one.second.until; }));
  }
  cache.insert_or_assign(host, cached{outcome, at + how_long});
}

void resolver::state::end(flight& one, result<addresses> outcome) {
  if (one.outcome) return;
  one.outcome = std::move(outcome);
  one.work->give_up();
  for (auto* each : one.waiting) each->timer->cancel();
}

// A lookup that all its askers are leaving is given up at any age. Otherwise it is the oldest one: its name will most
// likely not be answered. An asker that is leaving itself gets free room only.
bool resolver::state::make_room(waiter& me) {
  std::size_t running = 0;
  std::map<std::string_view, std::size_t> counts;
  for (const auto& [name, one] : flights) {
    if (one->outcome) continue;
    ++running;
    ++counts[one->client];
  }
  const bool full = running >= options.most_lookups;
  const bool client_full = !me.client.empty() && counts[me.client] >= options.most_per_client;
  if (!full && !client_full) return true;
  me.refusal = client_full ? "this client waits for " + std::to_string(options.most_per_client) + " names"
                           : std::to_string(options.most_lookups) + " names are being looked up";
  if (me.leaving()) return false;
  const auto late = clock::now() - options.patience;
  const auto rank = [&](const flight& of) { return std::tuple(of.abandoned(), counts[of.client], late - of.began); };
  flight* victim = nullptr;
  for (const auto& [name, one] : flights) {
    if (one->outcome || (client_full && one->client != me.client)) continue;
    if (one->began > late && !one->abandoned()) continue;
    if (victim == nullptr || rank(*one) > rank(*victim)) victim = one.get();
  }
  if (victim == nullptr) return false;
  end(*victim, std::unexpected(resolve_error(errc::timed_out, "given up for another name: " + me.refusal)));
  return true;
}

bool resolver::state::begin(waiter& me) {
  const auto& host = me.what.host;
  const auto known = flights.find(host);
  if (known != flights.end() && !known->second->outcome) {
    me.joined = known->second;
  } else {
    if (!make_room(me)) return false;
    me.joined = std::make_shared<flight>(home, me.client, options.lookup_within);
    flights.insert_or_assign(host, me.joined);
    spawn(home, fly(me.joined, host), "name lookup");
  }
  me.joined->waiting.push_back(&me);
  return true;
}

// First come, first served, and those that are leaving last.
void resolver::state::serve_queue() {
  for (const bool leaving : {false, true}) {
    std::set<std::string_view> blocked;
    std::erase_if(queue, [&](waiter* each) {
      if (each->leaving() != leaving || (blocked.contains(each->client) && !flights.contains(each->what.host))) {
        return false;
      }
      if (!begin(*each)) {
        blocked.insert(each->client);
        return false;
      }
      each->timer->cancel();
      return true;
    });
  }
}

task<void> resolver::state::tend_queue() {
  const auto keep_alive = shared_from_this();
  boost::asio::steady_timer timer(home);
  while (!queue.empty()) {
    timer.expires_after(check_queue_every);
    co_await timer.async_wait(use_task);
    serve_queue();
  }
  tending = false;
}

void resolver::state::admit(waiter& me) {
  serve_queue();
  if (begin(me)) return;
  if (queue.size() >= options.most_queued) {
    const auto leaving = std::ranges::find_if(queue, &waiter::leaving);
    auto* dropped = leaving == queue.end() ? &me : *leaving;
    if (leaving != queue.end()) queue.erase(leaving);
    dropped->refused = true;
    dropped->timer->cancel();
    if (dropped == &me) return;
  }
  queue.push_back(&me);
  if (!std::exchange(tending, true)) spawn(home, tend_queue(), "queue of name lookups");
}

task<void> resolver::state::fly(std::shared_ptr<flight> one, std::string host) {
  const auto keep_alive = shared_from_this();
  lookup_plan plan{.resolv_conf = options.resolv_conf.string(),
                   .port = options.port,
                   .settings = dns,
                   .sources = sources,
                   .second_family_within = options.second_family_within,
                   .system_lookups = system_lookups};
  const auto before = marks;
  auto found = co_await run_lookup(one->work, host, std::move(plan));
  if (!one->outcome && marks == before) {
    auto how_long = std::min<std::chrono::milliseconds>(options.answer_kept, found.ttl);
    if (!found.outcome) how_long = found.exists ? options.failure_kept : options.refusal_kept;
    keep(host, found.outcome, how_long);
  }
  end(*one, std::move(found.outcome));
  const auto known = flights.find(host);
  if (known != flights.end() && known->second == one) flights.erase(known);
  serve_queue();
}

// Leaves the queue, or the flight, which ends when nobody is left.
task<result<addresses>> resolver::state::wait(std::shared_ptr<waiter> me) {
  const auto timer = me->timer;
  const auto asks = me->what.from;
  if (asks) asks->when_gone([on = home, timer] { boost::asio::post(on, [timer] { timer->cancel(); }); });
  const auto over = [&] {
    const bool answered = me->joined && me->joined->outcome;
    return answered || me->refused || me->gone() || clock::now() >= me->until;
  };
  while (!over()) {
    timer->expires_at(me->until);
    co_await timer->async_wait(use_task);
  }
  if (asks) asks->when_gone(nullptr);
  const auto nobody = resolve_error(errc::cancelled, "nobody waits for it any more");
  const auto one = me->joined;
  if (!one) {
    std::erase(queue, me.get());
    if (me->gone()) co_return std::unexpected(nobody);
    co_return std::unexpected(resolve_error(errc::timed_out, "not looked up: " + me->refusal));
  }
  std::erase(one->waiting, me.get());
  if (one->outcome) co_return *one->outcome;
  auto gone =
      me->gone() ? nobody : resolve_error(errc::timed_out, "no answer from the name server " + servers_text(dns));
  if (one->waiting.empty()) end(*one, std::unexpected(gone));
  co_return std::unexpected(std::move(gone));
}

task<result<addresses>> resolver::state::look_up(name_query what) {
  const auto keep_alive = shared_from_this();
  read_files();
  if (const auto* known = in_hosts(what.host)) co_return *known;
  if (is_localhost(what.host)) co_return loopback_addresses();
  if (const auto* known = in_cache(what.host)) co_return *known;
  const auto me = std::make_shared<waiter>(home, std::move(what));
  admit(*me);
  auto outcome = co_await wait(me);
  co_return outcome;
}

resolver::resolver(executor home, resolver_options options)
    : state_(std::make_shared<state>(std::move(home), std::move(options))) {}
resolver::~resolver() = default;

namespace {

error named(error problem, const std::string& host, party blame) {
  problem.who = blame;
  problem.detail = host + ": " + problem.detail;
  return problem;
}

}  // namespace

task<result<addresses>> resolver::look_up(name_query what) {
  const auto kept = state_;
  const auto host = what.host;
  const auto blame = what.blame;
  auto found = co_await elsewhere(kept->home, kept->look_up(std::move(what)));
  if (!found) co_return std::unexpected(named(found.error(), host, blame));
  co_return found;
}

bool resolver::lives_on(const boost::asio::execution_context& loop) const {
  return &boost::asio::query(state_->home, boost::asio::execution::context) == &loop;
}

void resolver::close() noexcept {
  state_->flights.clear();
  state_->queue.clear();
}

void resolver::forget(const std::string& host) {
  boost::asio::dispatch(state_->home, [kept = std::weak_ptr<state>(state_), host] {
    if (const auto here = kept.lock()) here->cache.erase(host);
  });
}

namespace {

struct slot : boost::asio::execution_context::service {
  static inline boost::asio::execution_context::id id;
  explicit slot(boost::asio::execution_context& of) : service(of) {}
  // Timers of lookups belong to this loop, and other loops may hold the resolver for longer.
  void shutdown() override {
    if (held && held->lives_on(context())) held->close();
    held.reset();
  }
  std::shared_ptr<resolver> held;
};

slot& slot_of(const executor& on) {
  return boost::asio::use_service<slot>(boost::asio::query(on, boost::asio::execution::context));
}

}  // namespace

std::shared_ptr<resolver> resolver_of(const executor& on) {
  auto& mine = slot_of(on);
  if (!mine.held) mine.held = std::make_shared<resolver>(on);
  return mine.held;
}

void set_resolver(const executor& on, std::shared_ptr<resolver> shared) {
  slot_of(on).held = std::move(shared);
}

}  // namespace regpass::net
