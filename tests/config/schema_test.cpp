#include "config/keys/schema.hpp"

#include "diagnosis/causes/causes.hpp"
#include "support.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>

using namespace regpass;
using namespace regpass::config;
namespace json = boost::json;

namespace {

const json::object& properties_of(const json::value& table) {
  return table.at("properties").as_object();
}

const json::value& property(const json::value& schema, std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return properties_of(schema).at(name);
  return properties_of(properties_of(schema).at(name.substr(0, dot))).at(name.substr(dot + 1));
}

}  // namespace

TEST_CASE("the JSON Schema has every key, with its text and default") {
  const auto schema = json::parse(json_schema());
  CHECK(schema.at("$schema").as_string() == "https://json-schema.org/draft/2020-12/schema");
  for (const auto& key : keys()) {
    INFO(key.name);
    const auto& one = property(schema, key.name);
    CHECK(one.at("description").as_string() == key.text);
    CHECK(one.as_object().contains("default"));
    CHECK((one.as_object().contains("type") || one.as_object().contains("enum")));
  }
  const auto& entry = schema.at("properties").at("registry").at("items");
  for (const auto& key : registry_keys()) CHECK(property(entry, key.name).at("description").as_string() == key.text);
  CHECK(entry.at("required").as_array() == json::array{"host"});
  const auto& mirror = schema.at("properties").at("mirror").at("items");
  for (const auto& key : mirror_keys()) CHECK(property(mirror, key.name).at("description").as_string() == key.text);
  CHECK(mirror.at("required").as_array() == json::array{"listen", "registry"});
}

TEST_CASE("the JSON Schema says what kinds want") {
  const auto schema = json::parse(json_schema());
  CHECK(property(schema, "log.level").at("enum").as_array() == json::array{"error", "warn", "info", "debug"});
  CHECK(property(schema, "limits.head_bytes").at("minimum").as_int64() == 1024);
  CHECK(property(schema, "limits.head_bytes").at("default").as_int64() == 65536);
  CHECK(property(schema, "other_hosts.ports").at("items").at("maximum").as_int64() == 65535);
  CHECK(property(schema, "other_hosts.ports").at("default").as_array() == json::array{443, 80});
  CHECK(property(schema, "drain.idle").at("type").as_string() == "string");
  CHECK_FALSE(schema.at("additionalProperties").as_bool());
  CHECK_FALSE(schema.at("properties").at("listen").at("additionalProperties").as_bool());
  CHECK_FALSE(schema.at("properties").at("registry").at("items").at("additionalProperties").as_bool());
}

TEST_CASE("the JSON Schema accepts old names of keys as deprecated") {
  const auto schema = json::parse(json_schema());
  const auto& old = property(schema, "limits.refusals_told");
  CHECK(old.at("deprecated").as_bool());
  CHECK(old.at("description").as_string() == "Now called limits.refusals_per_second.");
  CHECK(old.at("maximum").as_int64() == 1'000'000);
}

TEST_CASE("keys, and the variables made from them, have names of their own") {
  std::set<std::string> names;
  for (const auto& key : keys()) {
    std::string variable(key.name);
    for (auto& c : variable) c = c == '.' ? '_' : c;
    CHECK(names.insert(variable).second);
    CHECK(key.text.ends_with('.'));
  }
  for (const auto& key : registry_keys()) CHECK(key.text.ends_with('.'));
  for (const auto& key : mirror_keys()) CHECK(key.text.ends_with('.'));
}

TEST_CASE("every default lies within its own bounds") {
  for (const auto p : {purpose::serve, purpose::run}) CHECK(report("", plain(p)).empty());
  const auto l = load_text(show(from("")), "/x/shown.toml", plain());
  CHECK(report(l).empty());
}

TEST_CASE("every choice is a value of its own") {
  for (const auto& key : keys()) {
    for (const auto word : key.choices) {
      settings s;
      key.set(s, std::string(word));
      CHECK(std::get<std::string>(key.get(s)) == word);
    }
  }
  for (const auto* word : {"replace", "add", "observe"}) {
    const auto l = from("[[registry]]\nhost = 'a.test'\nauthorization = '" + std::string(word) + "'");
    CHECK(report(l).empty());
  }
}

TEST_CASE("bounds are reached but not passed, by every number") {
  for (const auto& key : keys()) {
    if (key.kind != kind::integer) continue;
    INFO(key.name);
    const auto with = [&](std::int64_t n) {
      auto in = plain();
      in.sets = {
          {"limits.target_bytes", "256"}, {"limits.token_bytes", "256"}, {std::string(key.name), std::to_string(n)}};
      if (key.name == "limits.target_bytes") in.sets.emplace_back("limits.head_bytes", "1048576");
      return report("", in);
    };
    CHECK(with(key.least).empty());
    CHECK(with(key.most).empty());
    CHECK_FALSE(with(key.least - 1).empty());
    CHECK_FALSE(with(key.most + 1).empty());
  }
}

namespace {

using choices_by_key = std::multimap<std::string, json::array>;

void collect_choices(const json::value& table, choices_by_key& into) {
  for (const auto& [name, one] : properties_of(table)) {
    if (one.as_object().contains("enum")) into.emplace(std::string(name), one.at("enum").as_array());
    if (one.as_object().contains("properties")) collect_choices(one, into);
    const auto* items = one.as_object().if_contains("items");
    if (items != nullptr && items->as_object().contains("properties")) collect_choices(*items, into);
  }
}

}  // namespace

TEST_CASE("what a fix tells to write for a key with choices is one of them") {
  choices_by_key choices;
  collect_choices(json::parse(json_schema()), choices);
  REQUIRE(choices.count("mount") == 1);
  std::size_t seen = 0;
  for (const auto& cause : diagnosis::causes()) {
    const std::string text(cause.fix_text);
    static const std::regex line(R"re((\w+) = "([a-z_]+)")re");
    for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) {
      const auto [from, to] = choices.equal_range((*it)[1].str());
      if (from == to) continue;
      ++seen;
      INFO(cause.name << ": " << it->str());
      const json::value written((*it)[2].str());
      CHECK(std::any_of(from, to,
                        [&](const auto& one) { return std::ranges::find(one.second, written) != one.second.end(); }));
    }
  }
  CHECK(seen >= 2);
}
