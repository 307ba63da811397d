#include "auth/token_cache.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

using std::chrono::seconds;

const steady_time start = steady_time{} + std::chrono::hours(1);
const token_key key{registry::make_host("r.test", 443), "https://r.test/token", "s", 1};

token_ptr make_token(std::string_view asked, seconds life = seconds(60), steady_time at = start) {
  auto made = std::make_shared<token>();
  made->asked = scopes(asked);
  made->obtained_at = at;
  made->life = life;
  return made;
}

}  // namespace

TEST_CASE("a wider token serves a narrower need, and the narrowest that fits is taken") {
  token_cache cache;
  const auto narrow = make_token("repository:a/b:pull");
  const auto wide = make_token("repository:a/b:pull,push");
  const auto widest = make_token("repository:a/b:pull,push repository:c/d:pull");
  for (const auto& one : {widest, narrow, wide}) cache.store(key, one, start);
  CHECK(cache.find(key, scopes("repository:a/b:pull"), start) == narrow);
  CHECK(cache.find(key, scopes("repository:a/b:push"), start) == wide);
  CHECK(cache.find(key, scopes("repository:a/b:push,pull"), start) == wide);
  CHECK(cache.find(key, scopes("repository:c/d:pull"), start) == widest);
  CHECK(cache.find(key, scopes("repository:c/d:push"), start) == nullptr);
  CHECK(cache.find(key, scopes("repository:x/y:pull"), start) == nullptr);
  CHECK(cache.find(key, {}, start) == narrow);
}

TEST_CASE("T07: a token serves no other registry, realm, service or generation") {
  token_cache cache;
  cache.store(key, make_token("repository:a/b:pull"), start);
  const auto found = [&](auto change) {
    auto other = key;
    change(other);
    return cache.find(other, scopes("repository:a/b:pull"), start) != nullptr;
  };
  CHECK(found([](token_key&) {}));
  CHECK_FALSE(found([](token_key& one) { one.registry.name = "s.test"; }));
  CHECK_FALSE(found([](token_key& one) { one.registry.port = 5443; }));
  CHECK_FALSE(found([](token_key& one) { one.realm = "https://r.test/token2"; }));
  CHECK_FALSE(found([](token_key& one) { one.service = ""; }));
  CHECK_FALSE(found([](token_key& one) { one.generation = 2; }));
  CHECK_FALSE(found([](token_key& one) { one.generation = 0; }));
}

TEST_CASE("a token that was granted too little is found for what it was asked for, and not for a part of that") {
  token_cache cache;
  auto made = std::make_shared<token>(*make_token("repository:a/b:pull,push"));
  made->granted = scopes("repository:a/b:pull");
  cache.store(key, made, start);
  CHECK(cache.find(key, scopes("repository:a/b:pull,push"), start) == made);
  CHECK(cache.find(key, scopes("repository:a/b:pull"), start) == made);
  CHECK(cache.find(key, scopes("repository:a/b:push"), start) == nullptr);
}

TEST_CASE("an opaque token is taken at its word") {
  token_cache cache;
  const auto made = make_token("repository:a/b:pull,push");
  cache.store(key, made, start);
  CHECK(cache.find(key, scopes("repository:a/b:push"), start) == made);
}

TEST_CASE("a token is renewed at 70 to 80 % of its life, and not sent when it might end on its way") {
  token_cache cache;
  const auto one = make_token("repository:a/b:pull", seconds(100));
  cache.store(key, one, start);
  const auto need = scopes("repository:a/b:pull");
  CHECK(cache.find(key, need, start + seconds(94)) == one);
  CHECK(cache.find(key, need, start + seconds(95)) == nullptr);
  const auto margin = [](seconds life, std::chrono::milliseconds before_its_end) {
    const auto made = make_token("repository:a/b:pull", life);
    const auto last = start + life - before_its_end;
    return made->expired(last) && !made->expired(last - std::chrono::milliseconds(1));
  };
  CHECK(margin(seconds(1), std::chrono::milliseconds(100)));
  CHECK(margin(seconds(40), seconds(4)));
  CHECK(margin(seconds(86'400), seconds(5)));
  CHECK_FALSE(one->renewal_due(start + seconds(79)));
  CHECK(one->renewal_due(start + seconds(80)));

  const auto asked = start + std::chrono::microseconds(7'099);
  const auto other = make_token("repository:a/b:pull", seconds(100), asked);
  CHECK_FALSE(other->renewal_due(asked + seconds(70)));
  CHECK(other->renewal_due(asked + std::chrono::milliseconds(70'100)));
}

TEST_CASE("a renewed token takes the place of the old one") {
  token_cache cache;
  cache.store(key, make_token("repository:a/b:pull"), start);
  const auto fresh = make_token("repository:a/b:pull");
  cache.store(key, fresh, start);
  CHECK(cache.size() == 1);
  CHECK(cache.find(key, scopes("repository:a/b:pull"), start) == fresh);
}

TEST_CASE("the capacity is never passed: dead ones go first, then the least recently used (F12)",
          "[limits.cached_tokens]") {
  token_cache cache(3);
  const auto put = [&](std::string_view asked, seconds life) { cache.store(key, make_token(asked, life), start); };
  put("repository:a:pull", seconds(60));
  put("repository:b:pull", seconds(1));
  put("repository:c:pull", seconds(60));
  cache.store(key, make_token("repository:d:pull", seconds(60), start + seconds(2)), start + seconds(2));
  const auto has = [&](std::string_view need) { return cache.find(key, scopes(need), start + seconds(2)) != nullptr; };
  CHECK(cache.size() == 3);
  CHECK(has("repository:c:pull"));
  CHECK(has("repository:a:pull"));
  cache.store(key, make_token("repository:e:pull", seconds(60), start + seconds(2)), start + seconds(2));
  CHECK(cache.size() == 3);
  CHECK_FALSE(has("repository:d:pull"));
  CHECK(has("repository:a:pull"));
  CHECK(has("repository:c:pull"));
  CHECK(has("repository:e:pull"));
}

TEST_CASE("with tokens for thousands of repositories each is found, and looked for among its own") {
  token_cache cache(5'000);
  for (int i = 0; i < 5'000; ++i) cache.store(key, make_token(fmt::format("repository:a/{}:pull", i)), start);
  CHECK(cache.size() == 5'000);
  for (int i = 0; i < 5'000; ++i) {
    const auto need = fmt::format("repository:a/{}:pull", i);
    const auto found = cache.find(key, scopes(need), start);
    REQUIRE(found != nullptr);
    REQUIRE(found->asked == scopes(need));
  }
  const auto some = cache.find(key, {}, start);
  cache.forget(some);
  CHECK(cache.find(key, some->asked, start) == nullptr);
  cache.drop(key.generation);
  CHECK(cache.size() == 0);
  CHECK(cache.find(key, scopes("repository:a/1:pull"), start) == nullptr);
}

TEST_CASE("the default capacity is 1024") {
  token_cache cache;
  for (int i = 0; i < 1100; ++i) cache.store(key, make_token(fmt::format("repository:r{}:pull", i)), start);
  CHECK(cache.size() == 1024);
}

TEST_CASE("nothing, dead tokens and a capacity of zero are no trouble") {
  token_cache none(0);
  none.store(key, make_token("repository:a:pull"), start);
  CHECK(none.size() == 0);
  token_cache cache;
  cache.store(key, nullptr, start);
  cache.store(key, make_token("repository:a:pull", seconds(1)), start + seconds(5));
  CHECK(cache.size() == 0);
}

TEST_CASE("a refused token is forgotten, and with a credential all of its tokens go") {
  token_cache cache;
  const auto one = make_token("repository:a:pull");
  auto other = key;
  other.generation = 2;
  cache.store(key, one, start);
  cache.store(key, make_token("repository:b:pull"), start);
  cache.store(other, make_token("repository:a:pull"), start);
  cache.forget(one);
  CHECK(cache.find(key, scopes("repository:a:pull"), start) == nullptr);
  CHECK(cache.size() == 2);
  cache.drop(1);
  CHECK(cache.size() == 1);
  CHECK(cache.find(other, scopes("repository:a:pull"), start) != nullptr);
  cache.forget(nullptr);
  CHECK(cache.size() == 1);
}

}  // namespace regpass::auth
