#include "base/log_members.hpp"

#include "regpass/base/log.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace regpass::log {
namespace {

TEST_CASE("Members are JSON text in the order they were added") {
  members told;
  CHECK(told.text().empty());
  told.add("text", "a \"quoted\" one");
  told.add("number", -5);
  told.add("large", std::numeric_limits<std::uint64_t>::max());
  told.add("flag", true);
  told.open("inner");
  told.add("a", "b");
  told.open("empty");
  told.close();
  told.close();
  told.add_value("list", boost::json::value{1, "two"});
  CHECK(told.text() == R"("text":"a \"quoted\" one","number":-5,"large":18446744073709551615,"flag":true,)"
                       R"("inner":{"a":"b","empty":{}},"list":[1,"two"])");
  CHECK(told.object().at("inner").at("a") == "b");
  told.clear();
  CHECK(told.text().empty());
}

TEST_CASE("Texts of every length are cleaned wherever the odd byte stands (T27)") {
  for (const std::string odd : {"\x01", "\"", "\\", "\x7F", "\xC3\xA4", "\xFF", "\xE2\x80\xAE"}) {
    for (std::size_t before = 0; before < 20; ++before) {
      for (std::size_t behind = 0; behind < 10; ++behind) {
        members told;
        const auto text = std::string(before, 'a') + odd + std::string(behind, '~');
        told.add("key", text);
        boost::json::object more{{"key", text}};
        const auto line = log::line(format::json, level::info, "e", "m", more, "t");
        CHECK(line == R"({"time":"t","level":"info","event":"e","msg":"m",)" + std::string(told.text()) + "}");
        CHECK(told.object().at("key").as_string().find('\x01') == boost::json::string::npos);
        CHECK(told.text().find(odd == "\"" || odd == "\\" ? "\\" + odd : odd) ==
              (odd == "\"" || odd == "\\" || odd == "\xC3\xA4" ? std::size_t{7} + before : std::string::npos));
      }
    }
  }
}

TEST_CASE("Plain texts of every length stay as they are") {
  for (std::size_t size = 0; size < 40; ++size) {
    members told;
    const auto text = std::string(size, '!');
    told.add("key", text);
    CHECK(told.text() == R"("key":")" + text + '"');
  }
}

}  // namespace
}  // namespace regpass::log
