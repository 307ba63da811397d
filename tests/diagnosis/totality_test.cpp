// Whatever stands in a log, reading, diagnosing and rendering it ends well.
#include "cases.hpp"
#include "diagnosis/present/annotate.hpp"
#include "diagnosis/present/render.hpp"
#include "regpass/diagnosis/diagnose.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

namespace regpass::diagnosis {
namespace {

namespace json = boost::json;

void check_text(std::string_view text) {
  REQUIRE(std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20 && c != '\n') || c == 0x7F; }));
  REQUIRE(text.find("\u202e") == std::string_view::npos);
}

void check_all(const json::value& from) {
  const auto e = from_json(from);
  if (!e) return;
  check_text(render_handshake(*e));
  check_text(json::serialize(to_json(*e)));
  const auto x = diagnose(*e);
  if (!x) return;
  check_text(render(*x));
  const auto line = one_line(*x, e->id);
  REQUIRE(line.size() <= 200);
  const auto a = make_error(e->status, *x, e->id);
  REQUIRE(a.head.status >= 400);
}

json::value nested(int depth) {
  json::value v = "x";
  for (int i = 0; i < depth; ++i) v = json::array{v};
  return v;
}

const std::vector<json::value>& hostile() {
  static const std::vector<json::value> values{nullptr,
                                               true,
                                               0,
                                               -1,
                                               1e300,
                                               std::int64_t{-9223372036854775807},
                                               std::uint64_t{18446744073709551615U},
                                               "",
                                               json::string("\x1b[2J\u202e\r\n\x07"),
                                               json::string(json::string_view("\xff\xfe\x80")),
                                               json::string(20'000, '/'),
                                               json::array{},
                                               json::object{},
                                               json::array{1, "x", nullptr},
                                               json::object{{"step", "sent"}},
                                               nested(200)};
  return values;
}

// Every value of the document in turn, replaced by the next of the hostile ones.
void replace_each(json::value& root, json::value& here, std::size_t& turn) {
  const auto kept = std::exchange(here, hostile()[turn++ % hostile().size()]);
  check_all(root);
  here = kept;
  if (auto* object = here.if_object()) {
    for (auto& member : *object) replace_each(root, member.value(), turn);
  } else if (auto* array = here.if_array()) {
    for (auto& element : *array) replace_each(root, element, turn);
  }
}

TEST_CASE("any value in any place of any case is handled") {
  std::size_t turn = 0;
  for (const auto& name : cases::names()) {
    INFO(name);
    auto root = cases::json_of(name);
    for (int round = 0; round < 2; ++round) replace_each(root, root, turn);
  }
}

TEST_CASE("missing, duplicate and reordered steps are handled") {
  for (const auto& name : cases::names()) {
    INFO(name);
    auto root = cases::json_of(name);
    if (!root.as_object().contains("handshake")) continue;
    const auto steps = root.at("handshake").as_array();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      auto fewer = steps;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      root.as_object()["handshake"] = fewer;
      check_all(root);
      auto more = steps;
      more.insert(more.begin(), steps[i]);
      more.push_back(steps[i]);
      root.as_object()["handshake"] = more;
      check_all(root);
    }
    json::array backwards(steps.rbegin(), steps.rend());
    root.as_object()["handshake"] = backwards;
    check_all(root);
  }
}

}  // namespace
}  // namespace regpass::diagnosis
