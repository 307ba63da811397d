#include "net/names/resolver.hpp"

#include "net/errors.hpp"
#include "net/names/lookup.hpp"
#include "net/names/name_files.hpp"
#include "regpass/base/file.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

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
// No event wakes the queue when a requester starts to leave or a lookup becomes old enough to be given up.
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

void requester::leave() {
  std::function<void()> callback;
  {
    const std::lock_guard held(lock_);
    if (std::exchange(gone_, true)) return;
    callback = std::exchange(callback_, nullptr);
  }
  if (callback) callback();
}

bool requester::gone() const {
  const std::lock_guard held(lock_);
  return gone_;
}

void requester::on_leave(std::function<void()> callback) {
  {
    const std::lock_guard held(lock_);
    if (!gone_) {
      callback_ = std::move(callback);
      return;
    }
  }
  if (callback) callback();
}

// Everything below runs on the thread of `home`.
struct resolver::state : std::enable_shared_from_this<state> {
  struct flight;
  // One call of look_up: in the queue, or in the list of one flight.
  struct waiter {
    waiter(const async::executor& on, name_query wanted)
        : query(std::move(wanted)),
          client(query.requested_by ? query.requested_by->client() : std::string()),
          until(clock::now() + query.within),
          timer(std::make_shared<boost::asio::steady_timer>(on)) {}
    bool leaving() const { return query.requested_by && query.requested_by->leaving(); }
    bool gone() const { return query.requested_by && query.requested_by->gone(); }

    name_query query;
    std::string client;
    clock::time_point until;
    std::shared_ptr<boost::asio::steady_timer> timer;  // cancelled to wake the waiter
    std::shared_ptr<flight> joined;
    std::string refusal;  // why the lookup has not begun
    bool rejected = false;
  };
  // The lookup of one name, shared by all who wait for it ("single flight").
  struct flight {
    flight(const async::executor& on, std::string for_client, std::chrono::milliseconds within)
        : client(std::move(for_client)), began(clock::now()), work(std::make_shared<lookup>(on, began + within)) {}

    std::string client;  // that of the first requester
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

  state(async::executor on, resolver_options opts) : home(std::move(on)), options(std::move(opts)) {}

  async::task<result<addresses>> look_up(name_query query);
  async::task<result<addresses>> wait(std::shared_ptr<waiter> caller);
  async::task<void> run_flight(std::shared_ptr<flight> current, std::string host);
  void read_files();
  const addresses* in_hosts(const std::string& host) const;
  const result<addresses>* in_cache(const std::string& host);
  void keep(const std::string& host, const result<addresses>& outcome, std::chrono::milliseconds lifetime);
  void admit(waiter& caller);
  bool begin(waiter& caller);
  bool make_room(waiter& caller);
  void serve_queue();
  async::task<void> watch_queue();
  static void end(flight& ended, result<addresses> outcome);

  async::executor home;
  resolver_options options;
  std::string marks;  // file_mark of the files as they were read
  hosts_table hosts;
  dns_settings dns;
  name_sources sources;
  std::map<std::string, std::shared_ptr<flight>> flights;
  std::deque<waiter*> queue;
  bool watching_queue = false;
  std::map<std::string, cached> cache;
  std::shared_ptr<std::size_t> system_lookups = std::make_shared<std::size_t>(0);
};

// Called before each lookup: a mounted file can be replaced at any time, and inotify does not report every replacement.
void resolver::state::read_files() {
  auto current = file_mark(options.hosts) + file_mark(options.resolv_conf) + file_mark(options.nsswitch_conf);
  if (current == marks) return;
  marks = std::move(current);
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
                           std::chrono::milliseconds lifetime) {
  if (lifetime <= std::chrono::milliseconds(0)) return;
  const auto at = clock::now();
  if (cache.size() >= options.max_cached) {
    std::erase_if(cache, [&](const auto& kept) { return kept.second.until <= at; });
  }
  if (cache.size() >= options.max_cached) {
    cache.erase(std::ranges::min_element(cache, {}, [](const auto& kept) { return kept.second.until; }));
  }
  cache.insert_or_assign(host, cached{outcome, at + lifetime});
}

void resolver::state::end(flight& ended, result<addresses> outcome) {
  if (ended.outcome) return;
  ended.outcome = std::move(outcome);
  ended.work->give_up();
  for (auto* each : ended.waiting) each->timer->cancel();
}

// Gives up another lookup if there are too many: preferably one whose requesters are all leaving, whatever its age;
// else an old one of the client with the most lookups, because its name will most likely never be answered. A requester
// that is leaving itself displaces nobody.
bool resolver::state::make_room(waiter& caller) {
  std::size_t running = 0;
  std::map<std::string_view, std::size_t> counts;
  for (const auto& [name, current] : flights) {
    if (current->outcome) continue;
    ++running;
    ++counts[current->client];
  }
  const bool full = running >= options.max_lookups;
  const bool client_full = !caller.client.empty() && counts[caller.client] >= options.max_per_client;
  if (!full && !client_full) return true;
  caller.refusal = client_full ? "this client has " + std::to_string(options.max_per_client) + " lookups running"
                               : std::to_string(options.max_lookups) + " lookups are running";
  if (caller.leaving()) return false;
  const auto late = clock::now() - options.patience;
  const auto rank = [&](const flight& of) { return std::tuple(of.abandoned(), counts[of.client], late - of.began); };
  flight* victim = nullptr;
  for (const auto& [name, current] : flights) {
    if (current->outcome || (client_full && current->client != caller.client)) continue;
    if (current->began > late && !current->abandoned()) continue;
    if (victim == nullptr || rank(*current) > rank(*victim)) victim = current.get();
  }
  if (victim == nullptr) return false;
  end(*victim,
      std::unexpected(resolve_error(errc::timed_out, "abandoned in favour of another name: " + caller.refusal)));
  return true;
}

bool resolver::state::begin(waiter& caller) {
  const auto& host = caller.query.host;
  const auto known = flights.find(host);
  if (known != flights.end() && !known->second->outcome) {
    caller.joined = known->second;
  } else {
    if (!make_room(caller)) return false;
    caller.joined = std::make_shared<flight>(home, caller.client, options.lookup_within);
    flights.insert_or_assign(host, caller.joined);
    async::spawn(home, run_flight(caller.joined, host), "name lookup");
  }
  caller.joined->waiting.push_back(&caller);
  return true;
}

// First come, first served; requesters that are leaving come last.
void resolver::state::serve_queue() {
  for (const bool leaving : {false, true}) {
    std::set<std::string_view> blocked;
    std::erase_if(queue, [&](waiter* each) {
      if (each->leaving() != leaving || (blocked.contains(each->client) && !flights.contains(each->query.host))) {
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

async::task<void> resolver::state::watch_queue() {
  const auto keep_alive = shared_from_this();
  boost::asio::steady_timer timer(home);
  while (!queue.empty()) {
    timer.expires_after(check_queue_every);
    co_await timer.async_wait(async::use_task);
    serve_queue();
  }
  watching_queue = false;
}

void resolver::state::admit(waiter& caller) {
  serve_queue();
  if (begin(caller)) return;
  if (queue.size() >= options.max_queued) {
    const auto leaving = std::ranges::find_if(queue, &waiter::leaving);
    auto* dropped = leaving == queue.end() ? &caller : *leaving;
    if (leaving != queue.end()) queue.erase(leaving);
    dropped->rejected = true;
    dropped->timer->cancel();
    if (dropped == &caller) return;
  }
  queue.push_back(&caller);
  if (!std::exchange(watching_queue, true)) async::spawn(home, watch_queue(), "queue of name lookups");
}

async::task<void> resolver::state::run_flight(std::shared_ptr<flight> current, std::string host) {
  const auto keep_alive = shared_from_this();
  lookup_plan plan{.resolv_conf = options.resolv_conf.string(),
                   .port = options.port,
                   .settings = dns,
                   .sources = sources,
                   .second_family_within = options.second_family_within,
                   .system_lookups = system_lookups};
  const auto before = marks;
  auto found = co_await run_lookup(current->work, host, std::move(plan));
  if (!current->outcome && marks == before) {
    auto lifetime = std::min<std::chrono::milliseconds>(options.answer_kept, found.ttl);
    if (!found.outcome) lifetime = found.exists ? options.failure_kept : options.refusal_kept;
    keep(host, found.outcome, lifetime);
  }
  end(*current, std::move(found.outcome));
  const auto known = flights.find(host);
  if (known != flights.end() && known->second == current) flights.erase(known);
  serve_queue();
}

// Afterwards the waiter leaves the queue or its flight; a flight that nobody waits for any more is ended.
async::task<result<addresses>> resolver::state::wait(std::shared_ptr<waiter> caller) {
  const auto timer = caller->timer;
  const auto requested_by = caller->query.requested_by;
  if (requested_by) requested_by->on_leave([on = home, timer] { boost::asio::post(on, [timer] { timer->cancel(); }); });
  const auto over = [&] {
    const bool answered = caller->joined && caller->joined->outcome;
    return answered || caller->rejected || caller->gone() || clock::now() >= caller->until;
  };
  while (!over()) {
    timer->expires_at(caller->until);
    co_await timer->async_wait(async::use_task);
  }
  if (requested_by) requested_by->on_leave(nullptr);
  const auto left = resolve_error(errc::cancelled, "the client that asked for it has disconnected");
  const auto joined = caller->joined;
  if (!joined) {
    std::erase(queue, caller.get());
    if (caller->gone()) co_return std::unexpected(left);
    co_return std::unexpected(resolve_error(errc::timed_out, "not looked up: " + caller->refusal));
  }
  std::erase(joined->waiting, caller.get());
  if (joined->outcome) co_return *joined->outcome;
  auto gone =
      caller->gone() ? left : resolve_error(errc::timed_out, "no answer from the name server " + servers_text(dns));
  if (joined->waiting.empty()) end(*joined, std::unexpected(gone));
  co_return std::unexpected(std::move(gone));
}

async::task<result<addresses>> resolver::state::look_up(name_query query) {
  const auto keep_alive = shared_from_this();
  read_files();
  if (const auto* known = in_hosts(query.host)) co_return *known;
  if (is_localhost(query.host)) co_return loopback_addresses();
  if (const auto* known = in_cache(query.host)) co_return *known;
  const auto caller = std::make_shared<waiter>(home, std::move(query));
  admit(*caller);
  auto outcome = co_await wait(caller);
  co_return outcome;
}

resolver::resolver(async::executor home, resolver_options options)
    : state_(std::make_shared<state>(std::move(home), std::move(options))) {}
resolver::~resolver() = default;

namespace {

error with_host(error problem, const std::string& host, party blame) {
  problem.who = blame;
  problem.detail = host + ": " + problem.detail;
  return problem;
}

}  // namespace

async::task<result<addresses>> resolver::look_up(name_query query) {
  const auto kept = state_;
  const auto host = query.host;
  const auto blame = query.blame;
  auto found = co_await async::run_on(kept->home, kept->look_up(std::move(query)));
  if (!found) co_return std::unexpected(with_host(found.error(), host, blame));
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
  // The timers of lookups belong to this loop, but other loops may hold the resolver for longer.
  void shutdown() override {
    if (held && held->lives_on(context())) held->close();
    held.reset();
  }
  std::shared_ptr<resolver> held;
};

slot& slot_of(const async::executor& on) {
  return boost::asio::use_service<slot>(boost::asio::query(on, boost::asio::execution::context));
}

}  // namespace

std::shared_ptr<resolver> resolver_of(const async::executor& on) {
  auto& held = slot_of(on).held;
  if (!held) held = std::make_shared<resolver>(on);
  return held;
}

void set_resolver(const async::executor& on, std::shared_ptr<resolver> shared) {
  slot_of(on).held = std::move(shared);
}

}  // namespace regpass::net
