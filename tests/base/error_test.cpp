#include "regpass/base/error.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <set>
#include <utility>

using namespace regpass;

TEST_CASE("an error reads as phase, code, party and detail") {
  error e;
  e.code = errc::refused;
  e.who = party::registry;
  e.when = phase::connect;
  e.detail = "connection refused by 10.0.0.7:443";
  CHECK(to_text(e) == "connect: refused (registry): connection refused by 10.0.0.7:443");
}

TEST_CASE("an error without detail tells what the operating system said, if it said something") {
  error e;
  e.when = phase::body;
  CHECK(to_text(e) == "body: I/O error (us)");
  e.os = ENOSPC;
  CHECK(to_text(e) == "body: I/O error (us): No space left on device");
}

TEST_CASE("every code, party and phase has a name of its own") {
  std::set<std::string_view> names;
  for (int i = 0; i <= std::to_underlying(errc::io); ++i) names.insert(name_of(static_cast<errc>(i)));
  CHECK(names.size() == std::to_underlying(errc::io) + 1u);
  names.clear();
  for (int i = 0; i <= std::to_underlying(party::intermediary); ++i) names.insert(name_of(static_cast<party>(i)));
  CHECK(names.size() == 5);
  names.clear();
  for (int i = 0; i <= std::to_underlying(phase::idle); ++i) names.insert(name_of(static_cast<phase>(i)));
  CHECK(names.size() == 9);
  CHECK(names.count("unknown") == 0);
}

TEST_CASE("fail makes a result that holds code and detail") {
  const result<int> r = fail(errc::too_large, "more than 64 KiB");
  REQUIRE(!r);
  CHECK(r.error().code == errc::too_large);
  CHECK(r.error().detail == "more than 64 KiB");
  CHECK(r.error().who == party::us);
}
