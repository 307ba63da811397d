// The catalogue of failures, played through the running proxy: registry and token server answer with the bytes that
// were seen in the field, the credential file is in that state, and the cause must be named.
#include "play.hpp"
#include "regpass/base/text.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <set>

using namespace regpass;
using namespace regpass::testing;

namespace {

constexpr std::size_t catalogue_size = 96;
constexpr std::size_t reached = 93;  // never less than this

const std::filesystem::path directory = std::filesystem::path(REGPASS_SOURCE_DIR) / "tests/cases";

// What an explanation names: the cause first, then those that it cannot rule out.
std::vector<std::string> named(const diagnosis::explanation& x) {
  std::vector<std::string> all{x.cause};
  all.insert(all.end(), x.alternatives.begin(), x.alternatives.end());
  return all;
}

bool holds(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

std::string told(const outcome& seen) {
  if (!seen.explanation) return fmt::format("status {}, nothing explained", seen.status);
  const auto& x = *seen.explanation;
  return fmt::format("status {}, {} ({}), besides [{}]: {}", seen.status, x.cause, name_of(x.certainty),
                     fmt::join(x.alternatives, " "), x.summary);
}

// What is wrong with the outcome; empty: it is as the case says.
std::string judged(const scripted_case& what, const outcome& seen) {
  for (const auto& one : what.warnings) {
    if (!holds(seen.warnings, one)) return "no warning " + one + " but " + fmt::format("{}", seen.warnings);
  }
  for (const auto& one : what.notices) {
    if (!holds(seen.notices, one)) return "no notice " + one + " but " + fmt::format("{}", seen.notices);
  }
  if (what.fine != 0) return seen.status == what.fine && !seen.explanation ? "" : "not fine: " + told(seen);
  if (!seen.explanation) return told(seen);
  if (!holds(what.expected, seen.explanation->cause)) return told(seen);
  const auto all = named(*seen.explanation);
  const bool whole = std::ranges::all_of(what.expected, [&](const auto& one) { return holds(all, one); });
  return whole ? "" : told(seen);
}

// CRED-12b is another form of CRED-12: the case is diagnosed when all of its forms are.
std::string number_of(const std::string& id) {
  return id.substr(0, id.find_last_of("0123456789") + 1);
}

TEST_CASE("each case of the catalogue is told apart", "[cases]") {
  std::set<std::string> all;
  std::set<std::string> failed;
  for (const auto& one : read_cases(directory)) {
    const bool beyond = one.id.starts_with("MORE");
    if (!beyond) all.insert(number_of(one.id));
    const auto wrong = judged(one, play(one));
    if (wrong.empty()) continue;
    if (!beyond) failed.insert(number_of(one.id));
    if (beyond) FAIL_CHECK(one.id + " " + wrong);
    std::printf("%s %s: %s\n", one.id.c_str(), one.title.c_str(), wrong.c_str());
  }
  CHECK(all.size() == catalogue_size);
  std::printf("diagnosed %zu of %zu\n", all.size() - failed.size(), catalogue_size);
  CHECK(all.size() - failed.size() >= reached);
}

TEST_CASE("what no table knows gets an honest explanation, never a confident wrong one", "[cases]") {
  const auto all = read_cases(directory / "variations");
  CHECK(all.size() >= 40);
  for (const auto& one : all) {
    INFO(one.id << " " << one.title);
    const auto seen = play(one);
    INFO(told(seen));
    REQUIRE(seen.explanation);
    const auto& x = *seen.explanation;
    CHECK((holds(one.expected, x.cause) || x.certainty == diagnosis::certainty::possible));
    CHECK(x.summary.find(one.registry) != std::string::npos);
    CHECK_FALSE(x.fix.empty());
  }
}

// The log line is all that `regpass explain` has.
TEST_CASE("E6: from its log line alone an exchange is judged as it was, and explained in the same words", "[cases]") {
  for (const auto& one : read_cases(directory)) {
    INFO(one.id << " " << one.title);
    const auto seen = play(one);
    const auto again = diagnosis::from_json(boost::json::value(seen.line));
    REQUIRE(again);
    const auto x = diagnosis::diagnose(*again);
    CHECK(x.has_value() == seen.explanation.has_value());
    if (!x || !seen.explanation) continue;
    CHECK(boost::json::serialize(diagnosis::to_json(*x)) ==
          boost::json::serialize(diagnosis::to_json(*seen.explanation)));
  }
}

}  // namespace
