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
#include <map>
#include <optional>
#include <utility>

namespace regpass::net {

namespace {

using clock = std::chrono::steady_clock;
using addresses = resolver::addresses;

constexpr std::size_t largest_file = 8 * 1024 * 1024;

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

void asker::leave() {
  std::function<void()> call;
  {
    const std::lock_guard held(lock_);
    if (std::exchange(gone_, true)) return;
    call = std::exchange(call_, nullptr);
  }
  if (call) call();
}

bool asker::gone() const {
  const std::lock_guard held(lock_);
  return gone_;
}

void asker::when_gone(std::function<void()> call) {
  {
    const std::lock_guard held(lock_);
    if (!gone_) {
      call_ = std::move(call);
      return;
    }
  }
  if (call) call();
}

// Everything below runs on the thread of `home`.
struct resolver::state : std::enable_shared_from_this<state> {
  // One name that is being looked up, for all who wait for it.
  struct flight {
    flight(const executor& on, std::string for_client, std::chrono::milliseconds within)
        : client(std::move(for_client)), began(clock::now()), work(std::make_shared<lookup>(on, began + within)) {}

    std::string client;  // of whoever asked first
    clock::time_point began;
    std::shared_ptr<lookup> work;
    std::optional<result<addresses>> outcome;
    std::vector<boost::asio::steady_timer*> waiting;
  };
  struct cached {
    result<addresses> outcome;
    clock::time_point until;
  };

  state(executor on, resolver_options how) : home(std::move(on)), options(std::move(how)) {}

  task<result<addresses>> look_up(name_query what);
  task<result<addresses>> wait(std::shared_ptr<flight> one, name_query what);
  task<void> fly(std::shared_ptr<flight> one, std::string host);
  void read_files();
  const addresses* in_hosts(const std::string& host) const;
  const result<addresses>* in_cache(const std::string& host);
  void keep(const std::string& host, const result<addresses>& outcome, std::chrono::milliseconds how_long);
  result<std::shared_ptr<flight>> begin(const name_query& what);
  result<void> make_room(const std::string& client);
  static void end(flight& one, result<addresses> outcome);

  executor home;
  resolver_options options;
  std::string marks;  // of the files as they were read
  hosts_table hosts;
  dns_settings dns;
  name_sources sources;
  std::map<std::string, std::shared_ptr<flight>> flights;
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
  for (auto* each : one.waiting) each->cancel();
}

// Whoever has waited longest waits for a name that will most likely not be answered.
result<void> resolver::state::make_room(const std::string& client) {
  std::map<std::string_view, std::size_t> counts;
  for (const auto& [name, one] : flights) ++counts[one->client];
  const bool full = flights.size() >= options.most_lookups;
  const bool client_full = !client.empty() && counts[client] >= options.most_per_client;
  if (!full && !client_full) return {};
  const auto late = clock::now() - options.patience;
  flight* oldest = nullptr;
  for (const auto& [name, one] : flights) {
    if (one->outcome || one->began > late || (client_full && one->client != client)) continue;
    const auto rank = [&](const flight& of) { return std::pair(counts[of.client], late - of.began); };
    if (oldest == nullptr || rank(*one) > rank(*oldest)) oldest = one.get();
  }
  const std::string why = client_full ? "this client waits for " + std::to_string(options.most_per_client) + " names"
                                      : std::to_string(options.most_lookups) + " names are being looked up";
  if (oldest == nullptr) return std::unexpected(resolve_error(errc::timed_out, "not looked up: " + why));
  end(*oldest, std::unexpected(resolve_error(errc::timed_out, "given up for another name: " + why)));
  return {};
}

result<std::shared_ptr<resolver::state::flight>> resolver::state::begin(const name_query& what) {
  const auto known = flights.find(what.host);
  if (known != flights.end() && !known->second->outcome) return known->second;
  const auto client = what.from ? what.from->client() : std::string();
  if (auto room = make_room(client); !room) return std::unexpected(room.error());
  auto made = std::make_shared<flight>(home, client, options.lookup_within);
  flights.insert_or_assign(what.host, made);
  spawn(home, fly(made, what.host), "name lookup");
  return made;
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
}

// Leaves the flight, which ends when nobody is left.
task<result<addresses>> resolver::state::wait(std::shared_ptr<flight> one, name_query what) {
  const auto until = clock::now() + what.within;
  const auto timer = std::make_shared<boost::asio::steady_timer>(home);
  one->waiting.push_back(timer.get());
  if (what.from) what.from->when_gone([on = home, timer] { boost::asio::post(on, [timer] { timer->cancel(); }); });
  const auto left = [&] { return what.from && what.from->gone(); };
  while (!one->outcome && !left() && clock::now() < until) {
    timer->expires_at(until);
    co_await timer->async_wait(use_task);
  }
  if (what.from) what.from->when_gone(nullptr);
  std::erase(one->waiting, timer.get());
  if (one->outcome) co_return *one->outcome;
  const bool alone = one->waiting.empty();
  auto gone = left() ? resolve_error(errc::cancelled, "nobody waits for it any more")
                     : resolve_error(errc::timed_out, "no answer from the name server " + servers_text(dns));
  if (alone) end(*one, std::unexpected(gone));
  co_return std::unexpected(std::move(gone));
}

task<result<addresses>> resolver::state::look_up(name_query what) {
  const auto keep_alive = shared_from_this();
  read_files();
  if (const auto* known = in_hosts(what.host)) co_return *known;
  if (is_localhost(what.host)) co_return loopback_addresses();
  if (const auto* known = in_cache(what.host)) co_return *known;
  auto one = begin(what);
  if (!one) co_return std::unexpected(one.error());
  auto outcome = co_await wait(*one, std::move(what));
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
