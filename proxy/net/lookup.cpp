#include "net/lookup.hpp"

#include "net/dns_channel.hpp"
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

constexpr std::size_t most_servers_named = 3;
constexpr std::size_t most_system_lookups = 8;

error failure(errc code, std::string detail) {
  return error{.code = code, .who = party::us, .when = phase::resolve, .detail = std::move(detail)};
}

// Both address families of one candidate, asked for at the same time.
struct families {
  std::optional<dns_answer> v6;
  std::optional<dns_answer> v4;
  std::optional<clock::time_point> first_at;  // one of them has addresses

  bool complete() const { return v6 && v4; }
};

bool has_addresses(const std::optional<dns_answer>& one) {
  return one && !one->addresses.empty();
}

// Which failure of several says most.
int weight(int status) {
  constexpr std::array<int, 4> lightest_first{ARES_SUCCESS, ARES_ENOTFOUND, ARES_ENODATA, ARES_ECONNREFUSED};
  const auto at = std::ranges::find(lightest_first, status);
  if (status == ARES_ETIMEOUT) return 6;
  return at == lightest_first.end() ? 5 : static_cast<int>(at - lightest_first.begin());
}

// RFC 6724, as far as it decides between families: an IPv6 address that no route leads to, or a unique local or
// tunnelled one, comes after IPv4. connect() of a datagram socket sends nothing.
bool v6_leads(const address& first) {
  const auto bytes = first.to_v6().to_bytes();
  const bool unique_local = (bytes[0] & 0xfe) == 0xfc;
  const bool tunnelled = (bytes[0] == 0x20 && bytes[1] == 0x02) ||
                         (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0);
  if (unique_local || tunnelled) return false;
  const descriptor probe(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const boost::asio::ip::udp::endpoint to(first, 53);
  return probe.get() >= 0 && ::connect(probe.get(), to.data(), static_cast<socklen_t>(to.size())) == 0;
}

dns_answer joined(families both) {
  dns_answer made;
  const bool six = has_addresses(both.v6);
  const bool four = has_addresses(both.v4);
  if (!six && !four) {
    const int six_status = both.v6 ? both.v6->status : ARES_ETIMEOUT;
    const int four_status = both.v4 ? both.v4->status : ARES_ETIMEOUT;
    made.status = weight(six_status) >= weight(four_status) ? six_status : four_status;
    return made;
  }
  if (six != four) return std::move(six ? *both.v6 : *both.v4);
  const bool swapped = !v6_leads(both.v6->addresses.front());
  made = std::move(swapped ? *both.v4 : *both.v6);
  const auto& rest = swapped ? *both.v6 : *both.v4;
  made.addresses.insert(made.addresses.end(), rest.addresses.begin(), rest.addresses.end());
  made.ttl = std::min(made.ttl, rest.ttl);
  return made;
}

task<dns_answer> ask_families(std::shared_ptr<lookup> work, std::string name, dns_channel_options how,
                              std::chrono::milliseconds second_within) {
  const auto channel = dns_channel::open(work->on, how);
  if (!channel) co_return dns_answer{.status = ARES_ENOMEM};
  const auto both = std::make_shared<families>();
  const auto into = [work, both](std::optional<dns_answer> families::* which) {
    return [work, both, which](dns_answer got) {
      (*both).*which = std::move(got);
      if (has_addresses((*both).*which) && !both->first_at) both->first_at = clock::now();
      work->changed.cancel();
    };
  };
  channel->ask(name, AF_INET6, into(&families::v6));
  channel->ask(name, AF_INET, into(&families::v4));
  while (!both->complete() && !work->over()) {
    const auto until = both->first_at ? std::min(work->until, *both->first_at + second_within) : work->until;
    if (both->first_at && clock::now() >= until) break;
    work->changed.expires_at(until);
    co_await work->changed.async_wait(use_task);
  }
  auto made = joined(std::move(*both));
  channel->close();
  co_return made;
}

// c-ares asks the next server when one fails, and in the end says only that none could be asked. What the first of
// them said is asked for once more then.
task<dns_answer> ask_telling(std::shared_ptr<lookup> work, std::string name, lookup_plan plan) {
  dns_channel_options how{.resolv_conf = plan.resolv_conf, .port = plan.port, .over_tcp = plan.settings.over_tcp};
  auto got = co_await ask_families(work, name, how, plan.second_family_within);
  if (got.status != ARES_ECONNREFUSED || work->over()) co_return got;
  how.first_answer = true;
  auto again = co_await ask_families(work, name, how, plan.second_family_within);
  co_return again;
}

// As the C library: what is not there, or not for this server to say, is looked for under the next name; where nobody
// answers, nobody will.
bool goes_on_after(int status) {
  return status != ARES_ETIMEOUT && status != ARES_ECONNREFUSED && status != ARES_ENOMEM;
}

task<dns_answer> ask_candidates(std::shared_ptr<lookup> work, std::string host, lookup_plan plan) {
  dns_answer worst{.status = ARES_SUCCESS};
  for (const auto& name : candidates(host, plan.settings)) {
    auto got = co_await ask_telling(work, name, plan);
    if (got.status == ARES_SUCCESS) co_return got;
    if (weight(got.status) >= weight(worst.status)) worst = std::move(got);
    if (work->over() || !goes_on_after(worst.status)) break;
  }
  co_return worst;
}

std::string what_was_said(int status, const dns_settings& settings) {
  const auto servers = servers_text(settings);
  switch (status) {
    case ARES_ENOTFOUND:
      return "there is no such name (NXDOMAIN), says the name server " + servers;
    case ARES_ENODATA:
      return "the name has no address, says the name server " + servers;
    case ARES_ESERVFAIL:
      return "the name server " + servers + " failed (SERVFAIL)";
    case ARES_EREFUSED:
      return "the name server " + servers + " refused to answer (REFUSED)";
    case ARES_ECONNREFUSED:
      return "no name server can be reached at " + servers;
    case ARES_ETIMEOUT:
      return "no answer from the name server " + servers;
    case ARES_EBADNAME:
      return "DNS cannot have such a name";
    default:
      return "the name server " + servers + " gave no usable answer: " + ::ares_strerror(status);
  }
}

// getaddrinfo(3) on Asio's thread for it. It cannot be interrupted: who gives up leaves it behind.
struct system_answer {
  explicit system_answer(const executor& on) : resolver(on) {}
  boost::asio::ip::tcp::resolver resolver;
  bool done = false;
  std::vector<address> found{};
};

task<std::vector<address>> ask_system(std::shared_ptr<lookup> work, std::string host, lookup_plan plan) {
  const auto asked = std::make_shared<system_answer>(work->on);
  const auto running = plan.system_lookups;
  ++*running;
  asked->resolver.async_resolve(host, "0", boost::asio::ip::tcp::resolver::numeric_service,
                                [asked, work, running](const boost::system::error_code& ec,
                                                       const boost::asio::ip::tcp::resolver::results_type& found) {
                                  --*running;
                                  asked->done = true;
                                  for (const auto& one : found) {
                                    if (!ec) asked->found.push_back(one.endpoint().address());
                                  }
                                  work->changed.cancel();
                                });
  while (!asked->done && !work->over()) {
    work->changed.expires_at(work->until);
    co_await work->changed.async_wait(use_task);
  }
  co_return asked->found;
}

}  // namespace

std::string servers_text(const dns_settings& settings) {
  std::string text;
  for (std::size_t i = 0; i < std::min(settings.servers.size(), most_servers_named); ++i) {
    text += (i == 0 ? "" : ", ") + clean(settings.servers[i], 64);
  }
  return text;
}

task<lookup_outcome> run_lookup(std::shared_ptr<lookup> work, std::string host, lookup_plan plan) {
  dns_answer got{.status = ARES_ENOTFOUND};
  if (plan.sources.dns) {
    auto answer = co_await ask_candidates(work, host, plan);
    got = std::move(answer);
  }
  if (got.status == ARES_SUCCESS) {
    co_return lookup_outcome{.outcome = std::move(got.addresses), .ttl = got.ttl};
  }
  const bool exists = got.status != ARES_ENOTFOUND && got.status != ARES_ENODATA && got.status != ARES_EBADNAME;
  if (!exists && plan.sources.others && *plan.system_lookups < most_system_lookups && !work->over()) {
    auto found = co_await ask_system(work, host, plan);
    if (!found.empty()) co_return lookup_outcome{.outcome = std::move(found), .ttl = std::chrono::seconds(5)};
  }
  const auto code = got.status == ARES_ETIMEOUT ? errc::timed_out : errc::unresolved;
  auto why = plan.sources.dns ? what_was_said(got.status, plan.settings)
                              : std::string("it is not in /etc/hosts, and /etc/nsswitch.conf leaves DNS out");
  co_return lookup_outcome{.outcome = std::unexpected(failure(code, std::move(why))), .exists = exists};
}

}  // namespace regpass::net
