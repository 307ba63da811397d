// Every NAME.json under cases/ becomes a text that must be NAME.txt. After a change of sentences:
//
//   REWRITE_CASES=1 BUILD/tests/test_diagnosis "[cases]"
//
// rewrites the .txt files; the diff is what users will read differently. A new cause needs at least one pair of files
// and a line in the table of diagnose_test.cpp.
#include "cases.hpp"

#include "diagnosis/present/annotate.hpp"
#include "diagnosis/present/render.hpp"
#include "regpass/diagnosis/diagnose.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

namespace regpass::diagnosis {
namespace {

std::string text_of(const evidence& e) {
  const auto x = diagnose(e);
  const auto why = x ? render(*x) : std::string("nothing went wrong\n");
  const auto line = x ? one_line(*x, e.id) : std::string();
  return why + "\n----\n" + render_handshake(e) + "\n----\n" + line + "\n";
}

bool rewriting() {
  const auto* wish = std::getenv("REWRITE_CASES");
  return wish != nullptr && std::string(wish) == "1";
}

TEST_CASE("each case is rendered as in its text file", "[cases]") {
  const auto all = cases::names();
  REQUIRE(all.size() >= 40);
  for (const auto& name : all) {
    INFO(name);
    const auto e = from_json(cases::json_of(name));
    REQUIRE(e);
    const auto text = text_of(*e);
    if (rewriting()) std::ofstream(cases::directory() / (name + ".txt"), std::ios::binary) << text;
    CHECK(text == cases::read(name + ".txt"));
  }
}

TEST_CASE("the cases are formatted like the output of to_json", "[cases]") {
  for (const auto& name : cases::names()) {
    INFO(name);
    const auto json = cases::json_of(name);
    const auto e = from_json(json);
    REQUIRE(e);
    CHECK(to_json(*e) == json.as_object());
  }
}

TEST_CASE("no line of a rendered case is wider than a terminal", "[cases]") {
  for (const auto& name : cases::names()) {
    INFO(name);
    const auto e = from_json(cases::json_of(name));
    REQUIRE(e);
    const auto text = render_handshake(*e) + render(diagnose(*e).value_or(explanation{}));
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      REQUIRE(end != std::string::npos);
      CHECK(end - at <= 80 + 8);  // bytes: none of the cases has many characters outside ASCII
      at = end + 1;
    }
  }
}

}  // namespace
}  // namespace regpass::diagnosis
