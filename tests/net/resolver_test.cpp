#include "net/names/resolver.hpp"

#include "net/names/name_files.hpp"
#include "regpass/async/task_group.hpp"
#include "support/fake_name_server.hpp"
#include "support/run_task.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using strings = std::vector<std::string>;
using testing::fake_name_server;
using testing::run_task;

struct question {
  std::shared_ptr<resolver> by;

  async::task<result<strings>> ask(std::string host, std::shared_ptr<requester> from = nullptr,
                                   std::chrono::milliseconds within = 8s) const {
    name_query what{.host = std::move(host), .requested_by = std::move(from), .within = within};
    auto found = co_await by->look_up(std::move(what));
    if (!found) co_return std::unexpected(found.error());
    strings made;
    for (const auto& one : *found) made.push_back(one.to_string());
    co_return made;
  }
};

struct pending {
  std::optional<result<strings>> outcome;
  clock::time_point ended;

  static async::task<void> run(std::shared_ptr<pending> into, question by, std::string host,
                               std::shared_ptr<requester> from) {
    auto got = co_await by.ask(std::move(host), std::move(from));
    into->outcome = std::move(got);
    into->ended = clock::now();
  }
};

std::shared_ptr<pending> start_asking(async::task_group& in, const question& by, std::string host,
                                      std::shared_ptr<requester> from = nullptr) {
  auto made = std::make_shared<pending>();
  in.spawn(pending::run(made, by, std::move(host), std::move(from)), "asking");
  return made;
}

// A name server that answers for healthy.test alone, and a resolver with few places for each client.
struct scarce_places {
  scarce_places(const async::executor& on, const strings& silent, std::size_t places,
                std::chrono::milliseconds patience, std::size_t queued = 1024)
      : names(on) {
    for (const auto& name : silent) names.set(name, {.silent = true});
    names.set("healthy.test", {.answers = {{"10.0.0.1"}}});
    auto options = names.options();
    options.max_per_client = places;
    options.max_queued = queued;
    options.patience = patience;
    by.by = std::make_shared<resolver>(on, options);
  }

  fake_name_server names;
  question by;
};

TEST_CASE("A1: names of a silent zone delay neither other names nor the hosts file", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.write("hosts", "10.0.0.9 in-the-file.test\n");
    names.set("healthy.test", {.answers = {{"10.0.0.1"}}});
    const question by{names.resolver()};
    const auto client = std::make_shared<requester>("10.1.1.1");
    async::task_group dead(on);
    std::vector<std::shared_ptr<pending>> waiting;
    for (int i = 0; i < 60; ++i) {
      const auto name = "hole" + std::to_string(i) + ".test";
      names.set(name, {.silent = true});
      waiting.push_back(start_asking(dead, by, name, client));
    }
    const auto began = clock::now();
    const auto file = co_await by.ask("in-the-file.test", client);
    CHECK(file.value() == strings{"10.0.0.9"});
    const auto healthy = co_await by.ask("healthy.test", client);
    CHECK(healthy.value() == strings{"10.0.0.1"});
    CHECK(clock::now() - began < 2s);
    for (const auto& one : waiting) CHECK_FALSE(one->outcome.has_value());
    client->leave();
    co_await dead.join();
  });
}

TEST_CASE("A1: concurrent requests for a name share one lookup", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.set("registry.test", {.answers = {{"10.0.0.1"}}, .takes = 50ms});
    const question by{names.resolver()};
    async::task_group all(on);
    std::vector<std::shared_ptr<pending>> waiting;
    for (int i = 0; i < 20; ++i) waiting.push_back(start_asking(all, by, "registry.test"));
    co_await all.join();
    for (const auto& one : waiting) CHECK(one->outcome.value().value() == strings{"10.0.0.1"});
    CHECK(names.asked("registry.test") == 1);
  });
}

TEST_CASE("A1: a requester that leaves returns at once, and the others still get their answer", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.set("slow.test", {.answers = {{"10.0.0.1"}}, .takes = 300ms});
    const question by{names.resolver()};
    const auto leaving = std::make_shared<requester>("10.1.1.1");
    async::task_group all(on);
    const auto gone = start_asking(all, by, "slow.test", leaving);
    const auto stays = start_asking(all, by, "slow.test", std::make_shared<requester>("10.1.1.2"));
    co_await testing::pause(20ms);
    leaving->leave();
    co_await all.join();
    REQUIRE(gone->outcome.has_value());
    REQUIRE_FALSE(*gone->outcome);
    CHECK(gone->outcome->error().code == errc::cancelled);
    CHECK(gone->ended < stays->ended);
    CHECK(stays->outcome.value().value() == strings{"10.0.0.1"});
  });
}

TEST_CASE("A1: a client's oldest lookup makes room for its next one, and other clients' lookups stay", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    scarce_places scene(on, strings{"a.test", "b.test", "other.test"}, 2, 50ms);
    const auto& by = scene.by;
    const auto client = std::make_shared<requester>("10.1.1.1");
    const auto bystander = std::make_shared<requester>("10.1.1.2");
    async::task_group all(on);
    const auto other = start_asking(all, by, "other.test", bystander);
    const auto first = start_asking(all, by, "a.test", client);
    co_await testing::pause(10ms);
    const auto second = start_asking(all, by, "b.test", client);
    const auto healthy = co_await by.ask("healthy.test", client);
    CHECK(healthy.value() == strings{"10.0.0.1"});
    REQUIRE(first->outcome.has_value());
    CHECK(first->outcome->error().code == errc::timed_out);
    CHECK_FALSE(second->outcome.has_value());
    CHECK_FALSE(other->outcome.has_value());
    client->leave();
    bystander->leave();
    co_await all.join();
  });
}

TEST_CASE("A1: a lookup whose requesters are leaving makes room at once, whatever its age", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    scarce_places scene(on, strings{"left.test", "kept.test", "late.test"}, 2, 1min);
    const auto& by = scene.by;
    const auto client = std::make_shared<requester>("127.0.0.1");
    const auto leaving = std::make_shared<requester>("127.0.0.1");
    const auto late = std::make_shared<requester>("127.0.0.1");
    async::task_group all(on);
    const auto kept = start_asking(all, by, "kept.test", client);
    const auto left = start_asking(all, by, "left.test", leaving);
    co_await testing::pause(20ms);
    leaving->mark_leaving();
    late->mark_leaving();
    const auto waits = start_asking(all, by, "late.test", late);
    const auto healthy = co_await by.ask("healthy.test", client);
    CHECK(healthy.value() == strings{"10.0.0.1"});
    REQUIRE(left->outcome.has_value());
    CHECK(left->outcome->error().code == errc::timed_out);
    CHECK_FALSE(kept->outcome.has_value());
    CHECK_FALSE(waits->outcome.has_value());
    client->leave();
    leaving->leave();
    late->leave();
    co_await all.join();
    CHECK(waits->outcome->error().code == errc::cancelled);
  });
}

TEST_CASE("A1: a name that finds no room is looked up when another lookup ends", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    scarce_places scene(on, strings{"a.test", "b.test"}, 2, 1min);
    const auto& by = scene.by;
    const auto client = std::make_shared<requester>("127.0.0.1");
    const auto leaving = std::make_shared<requester>("127.0.0.1");
    async::task_group all(on);
    const auto first = start_asking(all, by, "a.test", client);
    const auto second = start_asking(all, by, "b.test", leaving);
    const auto healthy = start_asking(all, by, "healthy.test", client);
    const auto same = start_asking(all, by, "healthy.test", client);
    co_await testing::pause(100ms);
    CHECK_FALSE(healthy->outcome.has_value());
    CHECK(scene.names.asked("healthy.test") == 0);
    leaving->leave();
    const auto until = clock::now() + 10s;
    while (!(healthy->outcome && same->outcome) && clock::now() < until) co_await testing::pause(10ms);
    CHECK(healthy->outcome.value().value() == strings{"10.0.0.1"});
    CHECK(same->outcome.value().value() == strings{"10.0.0.1"});
    CHECK_FALSE(first->outcome.has_value());
    client->leave();
    co_await all.join();
  });
}

TEST_CASE("A1: queued names are bounded in number and in time", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    scarce_places scene(on, strings{"hole.test"}, 1, 1min, 1);
    const auto& by = scene.by;
    const auto client = std::make_shared<requester>("127.0.0.1");
    const auto leaving = std::make_shared<requester>("127.0.0.1");
    async::task_group all(on);
    const auto hole = start_asking(all, by, "hole.test", client);
    const auto queued = start_asking(all, by, "queued.test", leaving);
    co_await testing::pause(20ms);
    const auto too_many = co_await by.ask("too-many.test", client);
    REQUIRE_FALSE(too_many);
    CHECK(too_many.error().code == errc::timed_out);
    CHECK_THAT(too_many.error().detail, Catch::Contains("this client has 1 lookups running"));
    CHECK_FALSE(queued->outcome.has_value());
    leaving->mark_leaving();
    const auto too_long = co_await by.ask("too-long.test", client, 100ms);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().code == errc::timed_out);
    CHECK_THAT(too_long.error().detail, Catch::Contains("not looked up: this client has 1 lookups running"));
    REQUIRE(queued->outcome.has_value());
    CHECK(queued->outcome->error().code == errc::timed_out);
    CHECK_FALSE(hole->outcome.has_value());
    client->leave();
    co_await all.join();
  });
}

TEST_CASE("A1: answers are cached for their TTL, and failures briefly", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.set("kept.test", {.answers = {{"10.0.0.1"}, {"10.0.0.2"}}, .ttl = 60});
    names.set("fleeting.test", {.answers = {{"10.0.0.1"}, {"10.0.0.2"}}, .ttl = 0});
    auto options = names.options();
    options.answer_kept = 300ms;
    options.refusal_kept = 300ms;
    const question by{std::make_shared<resolver>(on, options)};
    for (int i = 0; i < 2; ++i) {
      const auto kept = co_await by.ask("kept.test");
      CHECK(kept.value() == strings{"10.0.0.1"});
      const auto missing = co_await by.ask("missing.test");
      CHECK_FALSE(missing);
    }
    CHECK(names.asked("missing.test") == 1);
    const auto first = co_await by.ask("fleeting.test");
    CHECK(first.value() == strings{"10.0.0.1"});
    const auto second = co_await by.ask("fleeting.test");
    CHECK(second.value() == strings{"10.0.0.2"});
    co_await testing::pause(350ms);
    const auto renewed = co_await by.ask("kept.test");
    CHECK(renewed.value() == strings{"10.0.0.2"});
    by.by->forget("kept.test");
    const auto forgotten = co_await by.ask("kept.test");
    CHECK(names.asked("kept.test") == 3);
  });
}

TEST_CASE("A1: hosts and resolv.conf are read again when they change", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.set("registry.infra.example", {.answers = {{"10.0.0.1"}}});
    const question by{names.resolver()};
    const auto before = co_await by.ask("registry");
    CHECK_FALSE(before);
    names.write("resolv.conf", "nameserver 127.0.0.1\nsearch nowhere.example infra.example\noptions ndots:2\n");
    const auto searched = co_await by.ask("registry");
    CHECK(searched.value() == strings{"10.0.0.1"});
    CHECK(names.asked("registry.nowhere.example") == 1);
    names.write("hosts", "# comment\n10.0.0.7\tother  Registry # and the rest\nfe80::zz bad\n");
    const auto listed = co_await by.ask("registry");
    CHECK(listed.value() == strings{"10.0.0.7"});
  });
}

TEST_CASE("A1: an address family whose queries are not answered does not delay the other", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.set("registry.test", {.answers = {{"10.0.0.1"}}, .silent_v6 = true});
    auto options = names.options();
    options.second_family_within = 50ms;
    const question by{std::make_shared<resolver>(on, options)};
    const auto found = co_await by.ask("registry.test", nullptr, 5s);
    CHECK(found.value() == strings{"10.0.0.1"});
  });
}

TEST_CASE("A1: the error has the name server's answer and address", "[resolver]") {
  const auto [rcode, text] = GENERATE(table<int, std::string>({{0, "the name has no address"},
                                                               {2, "failed (SERVFAIL)"},
                                                               {3, "no such name (NXDOMAIN)"},
                                                               {5, "refused to answer (REFUSED)"}}));
  const int answer = rcode;
  const auto& said = text;
  run_task([answer, said]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.set("registry.test", {.rcode = answer});
    const question by{names.resolver()};
    const auto found = co_await by.ask("registry.test");
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::unresolved);
    CHECK_THAT(found.error().detail,
               Catch::StartsWith("registry.test: ") && Catch::Contains(said) && Catch::Contains("127.0.0.1"));
  });
}

TEST_CASE("A1: the error names a name server that is not running", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    auto options = names.options();
    options.port = 1;
    const question by{std::make_shared<resolver>(on, options)};
    const auto found = co_await by.ask("registry.test");
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::unresolved);
    CHECK_THAT(found.error().detail, Catch::Contains("no name server can be reached at 127.0.0.1"));
  });
}

TEST_CASE("A1: localhost is loopback, whatever a name server answers", "[resolver]") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    fake_name_server names(on);
    names.set("registry.localhost", {.answers = {{"10.0.0.1"}}});
    const question by{names.resolver()};
    const auto name = co_await by.ask("localhost");
    CHECK(name.value() == strings{"::1", "127.0.0.1"});
    const auto below = co_await by.ask("registry.localhost");
    CHECK(below.value() == strings{"::1", "127.0.0.1"});
    CHECK(names.asked("registry.localhost") == 0);
  });
}

TEST_CASE("A1: a resolver may end with its event loop while lookups are running", "[resolver]") {
  boost::asio::io_context other;
  {
    boost::asio::io_context loop;
    fake_name_server names(loop.get_executor());
    names.set("hole.test", {.silent = true});
    names.install();
    set_resolver(other.get_executor(), resolver_of(loop.get_executor()));
    const question by{resolver_of(loop.get_executor())};
    auto outcome = async::start(loop.get_executor(), by.ask("hole.test"));
    loop.run_for(30ms);
    CHECK(outcome.wait_for(0s) != std::future_status::ready);
  }
  other.poll();
}

TEST_CASE("A1: search list and ndots determine which names are queried, in which order", "[resolver]") {
  const auto settings =
      parse_resolv_conf("; comment\nsearch a.test B.test.\noptions ndots:2 use-vc\n", "here.corp.test");
  CHECK(settings.over_tcp);
  CHECK(candidates("registry", settings) == strings{"registry.a.test", "registry.b.test", "registry"});
  CHECK(candidates("r.example.com", settings) ==
        strings{"r.example.com", "r.example.com.a.test", "r.example.com.b.test"});
  CHECK(parse_resolv_conf("", "here.corp.test").search == strings{"corp.test"});
  CHECK(parse_resolv_conf("search .\n", "here.corp.test").search.empty());
  CHECK(parse_resolv_conf("domain a.test\nsearch b.test\n", "").search == strings{"b.test"});
  CHECK(parse_resolv_conf("nameserver 10.0.0.1\nnameserver fd00::1\n", "").servers == strings{"10.0.0.1", "fd00::1"});
}

TEST_CASE("A1: nsswitch.conf modules that only the C library has are recognised", "[resolver]") {
  CHECK_FALSE(parse_nsswitch("").others);
  CHECK_FALSE(parse_nsswitch("hosts: files resolve [!UNAVAIL=return] dns\n").others);
  CHECK(parse_nsswitch("passwd: sss\nhosts: files mdns4_minimal [NOTFOUND=return] dns\n").others);
  CHECK_FALSE(parse_nsswitch("hosts: files\n").dns);
  CHECK_FALSE(parse_nsswitch("passwd: sss\n").others);
}

}  // namespace
}  // namespace regpass::net
