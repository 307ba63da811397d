// A client that hammers the proxy with refused requests fills neither the log nor the history (P6, P9).
#include "forward/services/refusal_limiter.hpp"

#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;
using forward::refusal_limiter;
using action = forward::refusal_limiter::action;

namespace {

const std::string uploads = "/v2/team-a/app/blobs/uploads/";

steady_time at(std::chrono::milliseconds since) {
  return steady_time(1h + since);
}

}  // namespace

TEST_CASE("P6 a few refusals a second are reported, and the rest are counted", "[limits.refusals_per_second]") {
  forward::refusal_limiter limiter(3);
  for (int i = 0; i < 3; ++i) CHECK(limiter.add("10.0.0.1", "policy-refused", at(1ms * i)).todo == action::report);
  const auto fourth = limiter.add("10.0.0.1", "policy-refused", at(500ms));
  CHECK(fourth.todo == action::count_first);
  CHECK(limiter.add("10.0.0.1", "policy-refused", at(600ms)).todo == action::count);
  SECTION("other clients and other causes have their own limit") {
    CHECK(limiter.add("10.0.0.2", "policy-refused", at(600ms)).todo == action::report);
    CHECK(limiter.add("10.0.0.1", "bad-request", at(600ms)).todo == action::report);
  }
  SECTION("the count is taken once, and a second later refusals are reported again") {
    CHECK(limiter.take(fourth.slot) == 2);
    CHECK(limiter.take(fourth.slot) == 0);
    CHECK(limiter.add("10.0.0.1", "policy-refused", at(999ms)).todo == action::count_first);
    CHECK(limiter.add("10.0.0.1", "policy-refused", at(1000ms)).todo == action::report);
  }
}

TEST_CASE("P6 when the table is full, clients share a slot, and finished slots are dropped") {
  forward::refusal_limiter limiter(1);
  for (std::size_t i = 0; i < forward::refusal_limiter::max_slots; ++i)
    limiter.add(std::to_string(i), "policy-refused", at(0ms));
  CHECK(limiter.add("late", "policy-refused", at(1ms)).todo == action::report);
  const auto last = limiter.add("later", "bad-request", at(2ms));
  CHECK(last.todo == action::count_first);
  CHECK(last.slot.first == "other clients");
  CHECK(limiter.take(last.slot) == 1);
  CHECK(limiter.add("later", "bad-request", at(2s)).slot.first == "later");
}

TEST_CASE("P9 refusals of a client that hammers the proxy are summarised with their count") {
  constexpr std::size_t many = 100;
  open_scene scene;
  scene.proxy.serve(scene.registry, [](forward::registry_options& options) { options.policy.push.clear(); });
  auto client = scene.inside();
  for (std::size_t i = 0; i < many; ++i) CHECK(client.ask("POST", uploads).status == 403);
  // They may have taken longer than a second.
  const auto of = [&](std::string_view event) { return scene.proxy.log_lines_so_far(event); };
  const auto counted = [&] {
    std::size_t sum = 0;
    for (const auto& line : of("refusals-counted")) {
      CHECK(line.at("client").as_string() == "127.0.0.1");
      CHECK(line.at("cause").as_string() == "policy-refused");
      sum += line.at("count").to_number<std::size_t>();
    }
    return sum;
  };
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (of("exchange").size() + counted() < many && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(20ms);
  CHECK(of("exchange").size() + counted() == many);
  CHECK(counted() > 0);
  CHECK(scene.proxy.finished().size() == of("exchange").size());
  CHECK(scene.registry.connections() == 0);
}

TEST_CASE("What the registry refuses is told of, however often") {
  constexpr std::size_t many = 50;
  open_scene scene;
  auto client = scene.inside();
  for (std::size_t i = 0; i < many; ++i) client.ask("GET", "/v2/team-a/app/manifests/none");
  CHECK(scene.proxy.finished(many).size() == many);
}
