#include "regpass/config/schema.hpp"

#include "config/support.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

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
