#include "regpass/forward/history.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::forward {
namespace {

exchange_record exchange(std::string id) {
  exchange_record made;
  made.evidence.id = std::move(id);
  made.moved.attempts = 1;
  return made;
}

exchange_record local_refusal(std::string id) {
  auto made = exchange(std::move(id));
  made.moved.attempts = 0;
  made.explanation.emplace();
  return made;
}

std::string ids(const std::vector<exchange_record>& exchanges) {
  std::string text;
  for (const auto& each : exchanges) text += (text.empty() ? "" : " ") + each.evidence.id;
  return text;
}

TEST_CASE("the history keeps the newest exchanges") {
  history history(2);
  for (const auto* id : {"1", "2", "3"}) history.add(exchange(id));
  CHECK(ids(history.all()) == "2 3");
}

TEST_CASE("requests refused locally cannot push other exchanges out of the history") {
  history history(4);
  history.add(exchange("push"));
  history.add(exchange("failure"));
  for (int i = 0; i < 100; ++i) history.add(local_refusal("refused-" + std::to_string(i)));
  CHECK(ids(history.all()) == "push failure refused-98 refused-99");
}

TEST_CASE("a reader of the history gets each exchange once, whatever was evicted in between") {
  history history(4);
  std::uint64_t seen = 0;
  history.add(exchange("push"));
  history.add(local_refusal("refused-1"));
  CHECK(ids(history.since(seen)) == "push refused-1");
  for (int i = 2; i < 6; ++i) history.add(local_refusal("refused-" + std::to_string(i)));
  CHECK(ids(history.since(seen)) == "refused-3 refused-4 refused-5");
  CHECK(ids(history.since(seen)).empty());
}

}  // namespace
}  // namespace regpass::forward
