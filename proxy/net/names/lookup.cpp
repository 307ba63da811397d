#include "net/names/lookup.hpp"

#include "net/names/dns_channel.hpp"
#include "regpass/base/descriptor.hpp"
#include "regpass/base/text.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace regpass::net {

namespace {

using boost::asio::ip::address;
using clock = std::chrono::steady_clock;

constexpr std::size_t max_servers_named = 3;
constexpr std::size_t max_system_lookups = 8;

error failure(errc code, std::string detail) {
  return error{.code = code, .who = party::us, .when = phase::resolve, .detail = std::move(detail)};
}

// The answers for both address families of one candidate, which are asked for at the same time.
struct families {
  std::optional<dns_answer> v6;
  std::optional<dns_answer> v4;
  std::optional<clock::time_point> first_at;  // when the first of them had addresses

  bool complete() const { return v6 && v4; }
};

bool has_addresses(const std::optional<dns_answer>& answer) {
  return answer && !answer->addresses.empty();
}

// Ranks failures by how informative they are: the one with the highest weight is reported.
int weight(int status) {
  constexpr std::array<int, 4> lightest_first{ARES_SUCCESS, ARES_ENOTFOUND, ARES_ENODATA, ARES_ECONNREFUSED};
  const auto at = std::ranges::find(lightest_first, status);
  if (status == ARES_ETIMEOUT) return 6;
  return at == lightest_first.end() ? 5 : static_cast<int>(at - lightest_first.begin());
}

// Whether IPv6 is tried before IPv4. As in RFC 6724, an IPv6 address without a route and a unique local or tunnelled
// one come second. connect() on a datagram socket looks up the route and sends nothing.
bool prefers_v6(const address& first) {
  const auto bytes = first.to_v6().to_bytes();
  const bool unique_local = (bytes[0] & 0xfe) == 0xfc;
  const bool tunnelled = (bytes[0] == 0x20 && bytes[1] == 0x02) ||
                         (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0);
  if (unique_local || tunnelled) return false;
  const descriptor probe(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const boost::asio::ip::udp::endpoint to(first, 53);
  return probe.get() >= 0 && ::connect(probe.get(), to.data(), static_cast<socklen_t>(to.size())) == 0;
}

dns_answer merge(families both) {
  dns_answer merged;
  const bool has_v6 = has_addresses(both.v6);
  const bool has_v4 = has_addresses(both.v4);
  if (!has_v6 && !has_v4) {
    const int v6_status = both.v6 ? both.v6->status : ARES_ETIMEOUT;
    const int v4_status = both.v4 ? both.v4->status : ARES_ETIMEOUT;
    merged.status = weight(v6_status) >= weight(v4_status) ? v6_status : v4_status;
    return merged;
  }
  if (has_v6 != has_v4) return std::move(has_v6 ? *both.v6 : *both.v4);
  const bool swapped = !prefers_v6(both.v6->addresses.front());
  merged = std::move(swapped ? *both.v4 : *both.v6);
  const auto& rest = swapped ? *both.v6 : *both.v4;
  merged.addresses.insert(merged.addresses.end(), rest.addresses.begin(), rest.addresses.end());
  merged.ttl = std::min(merged.ttl, rest.ttl);
  return merged;
}

async::task<dns_answer> ask_families(std::shared_ptr<lookup> work, std::string name, dns_channel_options options,
                                     std::chrono::milliseconds second_within) {
  const auto channel = dns_channel::open(work->on, options);
  if (!channel) co_return dns_answer{.status = ARES_ENOMEM};
  const auto both = std::make_shared<families>();
  const auto store_in = [work, both](std::optional<dns_answer> families::* which) {
    return [work, both, which](dns_answer answer) {
      (*both).*which = std::move(answer);
      if (has_addresses((*both).*which) && !both->first_at) both->first_at = clock::now();
      work->changed.cancel();
    };
  };
  channel->ask(name, AF_INET6, store_in(&families::v6));
  channel->ask(name, AF_INET, store_in(&families::v4));
  while (!both->complete() && !work->over()) {
    const auto until = both->first_at ? std::min(work->until, *both->first_at + second_within) : work->until;
    if (both->first_at && clock::now() >= until) break;
    work->changed.expires_at(until);
    co_await work->changed.async_wait(async::use_task);
  }
  auto answer = merge(std::move(*both));
  channel->close();
  co_return answer;
}

// When every server fails, c-ares only reports that none could be reached. The servers are then asked once more, and
// the first answer of any kind is taken as the reason.
async::task<dns_answer> ask_with_reason(std::shared_ptr<lookup> work, std::string name, lookup_plan plan) {
  dns_channel_options options{.resolv_conf = plan.resolv_conf, .port = plan.port, .over_tcp = plan.settings.over_tcp};
  auto answer = co_await ask_families(work, name, options, plan.second_family_within);
  if (answer.status != ARES_ECONNREFUSED || work->over()) co_return answer;
  options.first_answer = true;
  auto again = co_await ask_families(work, name, options, plan.second_family_within);
  co_return again;
}

// Like the C library: another search domain is tried when the name does not exist or the server cannot answer for it,
// but not when no server answers at all.
bool tries_next_name_after(int status) {
  return status != ARES_ETIMEOUT && status != ARES_ECONNREFUSED && status != ARES_ENOMEM;
}

async::task<dns_answer> ask_candidates(std::shared_ptr<lookup> work, std::string host, lookup_plan plan) {
  dns_answer worst{.status = ARES_SUCCESS};
  for (const auto& name : candidates(host, plan.settings)) {
    auto answer = co_await ask_with_reason(work, name, plan);
    if (answer.status == ARES_SUCCESS) co_return answer;
    if (weight(answer.status) >= weight(worst.status)) worst = std::move(answer);
    if (work->over() || !tries_next_name_after(worst.status)) break;
  }
  co_return worst;
}

std::string failure_text(int status, const dns_settings& settings) {
  const auto servers = servers_text(settings);
  switch (status) {
    case ARES_ENOTFOUND:
      return "there is no such name (NXDOMAIN), according to the name server " + servers;
    case ARES_ENODATA:
      return "the name has no address, according to the name server " + servers;
    case ARES_ESERVFAIL:
      return "the name server " + servers + " failed (SERVFAIL)";
    case ARES_EREFUSED:
      return "the name server " + servers + " refused to answer (REFUSED)";
    case ARES_ECONNREFUSED:
      return "no name server can be reached at " + servers;
    case ARES_ETIMEOUT:
      return "no answer from the name server " + servers;
    case ARES_EBADNAME:
      return "the name is not valid in DNS";
    default:
      return "the name server " + servers + " gave no usable answer: " + ::ares_strerror(status);
  }
}

// getaddrinfo(3), on Asio's resolver thread. It cannot be interrupted: a lookup that is given up leaves the call
// running.
struct system_answer {
  explicit system_answer(const async::executor& on) : resolver(on) {}
  boost::asio::ip::tcp::resolver resolver;
  bool done = false;
  std::vector<address> found{};
};

async::task<std::vector<address>> ask_system(std::shared_ptr<lookup> work, std::string host, lookup_plan plan) {
  const auto asked = std::make_shared<system_answer>(work->on);
  const auto running = plan.system_lookups;
  ++*running;
  asked->resolver.async_resolve(host, "0", boost::asio::ip::tcp::resolver::numeric_service,
                                [asked, work, running](const boost::system::error_code& ec,
                                                       const boost::asio::ip::tcp::resolver::results_type& found) {
                                  --*running;
                                  asked->done = true;
                                  for (const auto& entry : found) {
                                    if (!ec) asked->found.push_back(entry.endpoint().address());
                                  }
                                  work->changed.cancel();
                                });
  while (!asked->done && !work->over()) {
    work->changed.expires_at(work->until);
    co_await work->changed.async_wait(async::use_task);
  }
  co_return asked->found;
}

}  // namespace

std::string servers_text(const dns_settings& settings) {
  std::string text;
  for (std::size_t i = 0; i < std::min(settings.servers.size(), max_servers_named); ++i) {
    text += (i == 0 ? "" : ", ") + clean(settings.servers[i], 64);
  }
  return text;
}

async::task<lookup_outcome> run_lookup(std::shared_ptr<lookup> work, std::string host, lookup_plan plan) {
  dns_answer found{.status = ARES_ENOTFOUND};
  if (plan.sources.dns) {
    auto answer = co_await ask_candidates(work, host, plan);
    found = std::move(answer);
  }
  if (found.status == ARES_SUCCESS) {
    co_return lookup_outcome{.outcome = std::move(found.addresses), .ttl = found.ttl};
  }
  const bool exists = found.status != ARES_ENOTFOUND && found.status != ARES_ENODATA && found.status != ARES_EBADNAME;
  if (!exists && plan.sources.others && *plan.system_lookups < max_system_lookups && !work->over()) {
    auto addresses = co_await ask_system(work, host, plan);
    if (!addresses.empty()) co_return lookup_outcome{.outcome = std::move(addresses), .ttl = std::chrono::seconds(5)};
  }
  const auto code = found.status == ARES_ETIMEOUT ? errc::timed_out : errc::unresolved;
  auto why = plan.sources.dns ? failure_text(found.status, plan.settings)
                              : std::string("it is not in /etc/hosts, and /etc/nsswitch.conf does not list DNS");
  co_return lookup_outcome{.outcome = std::unexpected(failure(code, std::move(why))), .exists = exists};
}

}  // namespace regpass::net
