// Health, metrics and the admin socket's routes, asked without a socket.
#include "admin/control.hpp"
#include "admin/health.hpp"
#include "regpass/base/log.hpp"
#include "support/run_task.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <thread>
#include <vector>

using namespace regpass;
using Catch::Contains;

namespace {

admin::reply ask(const admin::responder& of, std::string method, std::string path, std::string query = {},
                 std::string body = {}) {
  admin::reply made;
  testing::run_task([&]() -> async::task<void> {
    admin::call asked{std::move(method), std::move(path), std::move(query), {}, std::move(body)};
    made = co_await of(asked);
  });
  return made;
}

forward::exchange_record some_exchange(std::string registry, int status, std::string cause = {}) {
  forward::exchange_record one;
  one.evidence.id = "0badcafe";
  one.evidence.registry = std::move(registry);
  one.evidence.action = "pull";
  one.evidence.mode = "proxy";
  one.evidence.method = "GET";
  one.evidence.path = "/v2/team-a/app/manifests/1";
  one.evidence.status = status;
  one.moved.bytes_out = 7;
  one.moved.duration_ms = 20;
  if (cause.empty()) return one;
  one.explanation.emplace();
  one.explanation->cause = std::move(cause);
  return one;
}

admin::responder health(const forward::metrics& counts, bool alive, bool ready) {
  return admin::health_routes([alive]() -> async::task<bool> { co_return alive; },
                              [ready] { return admin::readiness{ready, {{"credentials", "3 usable"}}}; }, counts);
}

}  // namespace

TEST_CASE("Probes report the current state") {
  const forward::metrics counts;
  const bool alive = GENERATE(true, false);
  const bool ready = GENERATE(true, false);
  const auto routes = health(counts, alive, ready);
  CHECK(ask(routes, "GET", "/livez").status == (alive ? 200 : 503));
  CHECK(ask(routes, "GET", "/startupz").status == (alive ? 200 : 503));
  const auto got = ask(routes, "GET", "/readyz");
  CHECK(got.status == (ready ? 200 : 503));
  CHECK_THAT(got.body, Contains("credentials: 3 usable"));
  CHECK(ask(routes, "GET", "/status").status == 404);
}

TEST_CASE("Metrics count with bounded labels") {
  forward::metrics counts;
  counts.exchange(some_exchange("a.test", 200), true);
  counts.exchange(some_exchange("a.test", 403, "granted-less"), true);
  counts.exchange(some_exchange("anything.example", 200), false);
  counts.token_request("a.test", "granted");
  counts.reloaded(false);
  counts.observe("regpass_connections", "Open.", forward::metrics::kind::gauge,
                 [] { return std::vector<forward::metrics::sample>{{{{"side", "client"}}, 3}}; });
  const auto got = ask(health(counts, true, true), "GET", "/metrics");
  CHECK_THAT(got.type, Contains("version=0.0.4"));
  const auto& text = got.body;
  CHECK_THAT(text, Contains(R"(regpass_exchanges_total{action="pull",mode="proxy",registry="a.test",status="403"} 1)"));
  CHECK_THAT(text, Contains(R"(regpass_exchanges_total{action="pull",mode="proxy",registry="other",status="200"} 1)"));
  CHECK_THAT(text, Contains(R"(regpass_failures_total{cause="granted-less",registry="a.test"} 1)"));
  CHECK_THAT(text, Contains(R"(regpass_token_requests_total{registry="a.test",result="granted"} 1)"));
  CHECK_THAT(text, Contains(R"(regpass_credentials_reload_total{result="bad"} 1)"));
  CHECK_THAT(text, Contains(R"(regpass_bytes_total{direction="out"} 21)"));
  CHECK_THAT(text, Contains("# TYPE regpass_exchange_duration_seconds histogram"));
  CHECK_THAT(text, Contains(R"(regpass_connections{side="client"} 3)"));
  CHECK_THAT(text, !Contains("anything.example") && !Contains("team-a"));
}

TEST_CASE("A3: metrics are rendered at most a few times a second, however often they are requested") {
  using clock = std::chrono::steady_clock;
  forward::metrics counts;
  int rendered = 0;
  counts.observe("regpass_rendered", "Renderings.", forward::metrics::kind::gauge,
                 [&rendered] { return std::vector<forward::metrics::sample>{{{}, static_cast<double>(++rendered)}}; });
  const auto routes = health(counts, true, true);
  const auto began = clock::now();
  for (int i = 1; i <= 3; ++i) {
    CHECK_THAT(ask(routes, "GET", "/metrics").body, Contains("regpass_rendered " + std::to_string(i)));
  }
  for (int i = 0; i < 300; ++i) CHECK_THAT(ask(routes, "GET", "/metrics").body, Contains("regpass_rendered "));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock::now() - began).count();
  CHECK(rendered <= 10 * (seconds + 2));
  counts.exchange(some_exchange("a.test", 403, "granted-less"), true);
  const auto until = clock::now() + std::chrono::seconds{20};
  bool fresh = false;
  while (!fresh && clock::now() < until) {
    fresh = ask(routes, "GET", "/metrics").body.find("granted-less") != std::string::npos;
    if (!fresh) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  CHECK(fresh);
}

TEST_CASE("The admin socket returns the history as log lines, the newest last") {
  forward::history journal(10);
  for (int status : {200, 201, 202}) journal.add(some_exchange("a.test", status));
  bool reloaded = false;
  const auto routes =
      admin::control_routes({[] { return boost::json::object{{"busy", 0}}; }, [&] { reloaded = true; }, &journal});
  const auto got = ask(routes, "GET", "/history", "last=2");
  std::vector<boost::json::object> lines;
  for (std::size_t at = 0; at < got.body.size();) {
    const auto end = got.body.find('\n', at);
    lines.push_back(boost::json::parse(got.body.substr(at, end - at)).as_object());
    at = end + 1;
  }
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("status") == 201);
  CHECK(lines[1].at("status") == 202);
  CHECK(lines[1].at("event") == "exchange");
  CHECK(ask(routes, "GET", "/history").body.size() > got.body.size());
  CHECK(boost::json::parse(ask(routes, "GET", "/status").body).at("busy") == 0);
  CHECK(ask(routes, "POST", "/reload").status == 200);
  CHECK(reloaded);
}

TEST_CASE("The log level can be changed at run time, to a valid one") {
  forward::history journal(1);
  const auto routes = admin::control_routes({[] { return boost::json::object(); }, [] {}, &journal});
  const auto before = log::threshold();
  CHECK(ask(routes, "PUT", "/log/level", {}, "debug\n").status == 204);
  CHECK(ask(routes, "GET", "/log/level").body == "debug\n");
  CHECK(ask(routes, "PUT", "/log/level", {}, "loud").status == 400);
  CHECK(log::threshold() == log::level::debug);
  log::set_threshold(before);
}

TEST_CASE("The history returns what was added since the last call, as far as it is still kept") {
  forward::history journal(3);
  std::uint64_t seen = 0;
  CHECK(journal.since(seen).empty());
  journal.add(some_exchange("a.test", 200));
  CHECK(journal.since(seen).size() == 1);
  CHECK(journal.since(seen).empty());
  for (int i = 0; i < 5; ++i) journal.add(some_exchange("a.test", 200 + i));
  const auto fresh = journal.since(seen);
  REQUIRE(fresh.size() == 3);
  CHECK(fresh.back().evidence.status == 204);
  CHECK(seen == 6);
}
