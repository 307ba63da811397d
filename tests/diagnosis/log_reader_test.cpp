// Logs of any origin: failures are found, the rest is counted, and nothing of it harms.
#include "diagnosis/record/log_reader.hpp"

#include "cases.hpp"
#include "diagnosis/present/render.hpp"
#include "regpass/diagnosis/diagnose.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

namespace regpass::diagnosis {
namespace {

std::string exchange_line(const std::string& name) {
  auto line = cases::json_of(name).as_object();
  line["event"] = "exchange";
  line["level"] = "warn";
  return boost::json::serialize(line);
}

struct reading {
  std::vector<std::string> causes;
  std::string shown;
  std::size_t exchanges = 0;
  std::size_t skipped = 0;
};

reading read(std::string_view log, std::size_t piece = 4096) {
  reading made;
  log_reader reader([&](const evidence& e) {
    const auto x = diagnose(e);
    made.causes.push_back(x ? x->cause : "");
    made.shown += render_handshake(e) + (x ? render(*x) : "");
  });
  for (std::size_t at = 0; at < log.size(); at += piece) reader.feed(log.substr(at, piece));
  reader.finish();
  made.exchanges = reader.exchanges();
  made.skipped = reader.skipped();
  return made;
}

const std::string good = exchange_line("granted-less-nothing");

TEST_CASE("exchanges are found in a log, whatever the chunk size") {
  const auto log =
      "{\"event\":\"started\",\"msg\":\"x\"}\n" + good + "\n\n" + exchange_line("no-credential-no-file") + "\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, log.size()}) {
    const auto got = read(log, piece);
    CHECK(got.causes == std::vector<std::string>{"granted-less", "no-credential"});
    CHECK(got.skipped == 0);
  }
}

TEST_CASE("a last line without a line feed counts") {
  CHECK(read(good).exchanges == 1);
}

TEST_CASE("prefixes and wrappers of log collectors are removed") {
  CHECK(read("2026-08-01T17:55:03.120Z stdout F " + good + "\n").exchanges == 1);
  const boost::json::object docker{{"log", good + "\n"}, {"stream", "stdout"}};
  CHECK(read(boost::json::serialize(docker) + "\n").exchanges == 1);
  CHECK(read("regpass-1  | " + good + "\r\n").exchanges == 1);
}

TEST_CASE("foreign, truncated and hostile lines are skipped with a count") {
  const auto [what, line] = GENERATE_COPY(table<std::string, std::string>({
      {"another program's", "level=info msg=\"hello\""},
      {"truncated", good.substr(0, good.size() / 2)},
      {"no UTF-8", R"({"event":"exchange","registry":")" + std::string("\xff\xfe") + "\"}"},
      {"raw control characters", "{\"event\":\"exchange\",\"registry\":\"\x1b[2J\"}"},
      {"another JSON value", "[1,2,3]"},
      {"deeply nested", std::string(100'000, '[')},
      {"deep in an object", R"({"event":)" + std::string(1000, '[') + std::string(1000, ']') + "}"},
      {"too long", std::string(log_reader::longest_line + 1, 'x')},
      {"zero bytes", std::string(100, '\0')},
  }));
  INFO(what);
  const auto got = read(good + "\n" + line + "\n" + good + "\n");
  CHECK(got.exchanges == 2);
  CHECK(got.skipped == 1);
}

TEST_CASE("no control or bidirectional character of a log reaches the terminal") {
  auto line = cases::json_of("granted-less-nothing").as_object();
  line["event"] = "exchange";
  for (const auto* name : {"id", "registry", "repository", "path", "method", "client"}) {
    line[name] = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\r\n\x9b";
  }
  const auto got = read(boost::json::serialize(line) + "\n");
  for (const char c : got.shown) CHECK((c == '\n' || (c >= 0x20 && c != 0x7F) || c < 0));
  CHECK(got.shown.find("\u202e") == std::string::npos);
  CHECK(got.shown.find("\xc2\x9b") == std::string::npos);
}

TEST_CASE("E6: the sum of counted refusals takes any count that a line has") {
  log_reader reader([](const evidence&) {});
  for (const auto* count : {"3", "-1", "1.5", "\"7\"", "null", "1e300", "18446744073709551615"}) {
    reader.feed(std::string(R"({"event":"refusals-counted","count":)") + count + "}\n");
  }
  CHECK(reader.only_counted() == 18446744073709551615U);
  CHECK(reader.skipped() == 0);
}

TEST_CASE("an endless line needs no memory beyond the bound, and the lines after it are read") {
  log_reader reader([](const evidence&) {});
  const std::string megabyte(1024 * 1024, 'x');
  for (int i = 0; i < 64; ++i) reader.feed(megabyte);
  reader.feed("\n" + good + "\n");
  CHECK(reader.exchanges() == 1);
  CHECK(reader.skipped() == 1);
}

}  // namespace
}  // namespace regpass::diagnosis
