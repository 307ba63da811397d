#include "regpass/base/log.hpp"

#include "regpass/base/time.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace regpass;
namespace json = boost::json;
using log::format;
using log::level;

namespace {

constexpr auto at = "2026-08-01T17:55:03.120Z";

struct scratch {
  std::filesystem::path path;
  scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "regpass-log-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    log::stop();
    std::filesystem::remove_all(path);
  }
};

std::vector<json::object> lines_of(const std::filesystem::path& file) {
  std::vector<json::object> all;
  std::ifstream in(file);
  for (std::string one; std::getline(in, one);) all.push_back(json::parse(one).as_object());
  return all;
}

log::options into(const std::filesystem::path& file) {
  log::options o;
  o.file = file;
  return o;
}

}  // namespace

TEST_CASE("a JSON line has time, level, event and msg first, then what else there is in its order") {
  const json::object more{{"zeta", 1}, {"alpha", {{"deep", "x"}}}, {"list", {1, "two", nullptr}}};
  CHECK(log::line(format::json, level::warn, "exchange", "hello", more, at) ==
        R"({"time":"2026-08-01T17:55:03.120Z","level":"warn","event":"exchange","msg":"hello",)"
        R"("zeta":1,"alpha":{"deep":"x"},"list":[1,"two",null]})");
}

TEST_CASE("strings of a line are cleaned wherever they stand, keys too (T27)") {
  const json::object more{{"a\n", json::array{"\x1b[0m", json::object{{"k", "\u202Ex\xff"}}}}};
  const auto text = log::line(format::json, level::info, "e", "one\ntwo", more, at);
  CHECK(text.find('\n') == std::string::npos);
  const auto back = json::parse(text).as_object();
  CHECK(back.at("msg") == "one\\x0atwo");
  CHECK(back.at("a\\x0a").at(0) == "\\x1b[0m");
  CHECK(back.at("a\\x0a").at(1).at("k") == "\\u{202e}x\\xff");
}

TEST_CASE("further fields cannot take the place of the line's own (T27)") {
  const json::object more{{"event", "forged"}, {"msg", "forged"}, {"time", 0}, {"level", "debug"}, {"x", 1}};
  CHECK(log::line(format::json, level::info, "real", "m", more, at) ==
        R"({"time":"2026-08-01T17:55:03.120Z","level":"info","event":"real","msg":"m","x":1})");
}

TEST_CASE("what is nested without end is cut") {
  json::value v = "core";
  for (int i = 0; i < 100; ++i) v = json::array{v};
  const auto text = log::line(format::json, level::info, "e", "m", {{"v", v}}, at);
  CHECK(text.find("core") == std::string::npos);
  CHECK(text.find("…") != std::string::npos);
}

TEST_CASE("the text form is a line for people") {
  const json::object more{
      {"status", 200}, {"path", "/v2/"}, {"why", "a b"}, {"empty", ""}, {"token", {{"cache", "hit"}}}};
  CHECK(
      log::line(format::text, level::warn, "exchange", "pull of team-a/app", more, at) ==
      R"(17:55:03.120 warn   exchange  pull of team-a/app  status=200  path=/v2/  why="a b"  empty=""  token={"cache":"hit"})");
}

TEST_CASE("levels have names, and only these") {
  for (const auto l : {level::error, level::warn, level::info, level::debug}) {
    CHECK(log::parse_level(log::name_of(l)) == l);
  }
  for (const auto* text : {"", "INFO", "warning", "trace"}) CHECK_FALSE(log::parse_level(text));
}

TEST_CASE("without start nothing is written and nothing counted") {
  CHECK_FALSE(log::enabled(level::error));
  const auto before = log::dropped();
  log::write(level::error, "e", "m");
  CHECK(log::dropped() == before);
}

TEST_CASE("what was written before stop is in the file, one event a line, at the level asked for") {
  const scratch dir;
  const auto file = dir.path / "log";
  REQUIRE(log::start(into(file)));
  CHECK(log::enabled(level::info));
  CHECK_FALSE(log::enabled(level::debug));
  log::write(level::debug, "hidden", "m");
  log::set_threshold(level::debug);
  for (int i = 0; i < 500; ++i) log::write(level::debug, "shown", std::string(20000, 'x'), {{"i", i}});
  log::stop();
  log::write(level::error, "late", "m");
  const auto lines = lines_of(file);
  REQUIRE(lines.size() == 500);
  for (int i = 0; i < 500; ++i) CHECK(lines[static_cast<std::size_t>(i)].at("i") == i);
  CHECK(lines[0].at("event") == "shown");
}

TEST_CASE("a log file that cannot be opened is an error with its name") {
  const scratch dir;
  const auto r = log::start(into(dir.path / "none" / "log"));
  REQUIRE(!r);
  CHECK(r.error().code == errc::bad_input);
  CHECK(r.error().detail.find("none/log: No such file or directory") != std::string::npos);
  CHECK_FALSE(log::enabled(level::error));
}

TEST_CASE("a sink that blocks neither holds up writers nor stop, and what is lost is counted (F07)") {
  const scratch dir;
  const auto fifo = dir.path / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  REQUIRE(log::start(into(fifo)));
  const auto lost_before = log::dropped();
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < 3000; ++i)
    log::write(level::info, "e", "0123456789012345678901234567890123456789012345678901234567");
  const auto written = std::chrono::steady_clock::now();
  CHECK(log::dropped() > lost_before);  // the queue is shorter than what was written
  log::stop();
  const auto stopped = std::chrono::steady_clock::now();
  CHECK(written - started < std::chrono::seconds(5));
  CHECK(stopped - written < std::chrono::milliseconds(1500));
  CHECK(log::dropped() - lost_before > 3000 - 1024);
  ::close(reader);
}

TEST_CASE("A11: when a reader that stood still is back, one line says how many are missing and since when") {
  const scratch dir;
  const auto fifo = dir.path / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  REQUIRE(log::start(into(fifo)));
  const auto lost_before = log::dropped();
  for (int i = 0; i < 6000; ++i)
    log::write(level::info, "e", "0123456789012345678901234567890123456789012345678901234567");
  const auto lost = log::dropped() - lost_before;
  REQUIRE(lost > 0);
  std::string text;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (text.find("log-dropped") == std::string::npos && std::chrono::steady_clock::now() < until) {
    std::array<char, 65536> piece{};
    const auto got = ::read(reader, piece.data(), piece.size());
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
    if (got <= 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  log::write(level::info, "after", "m");
  log::stop();
  for (;;) {
    std::array<char, 65536> piece{};
    const auto got = ::read(reader, piece.data(), piece.size());
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(reader);
  std::istringstream lines(text);
  std::vector<json::object> told;
  std::size_t ordinary = 0;
  for (std::string one; std::getline(lines, one);) {
    auto read = json::parse(one).as_object();
    if (read["event"] == "log-dropped") told.push_back(read);
    if (read["event"] == "e") ++ordinary;
  }
  REQUIRE(told.size() == 1);
  CHECK(told[0]["level"] == "warn");
  CHECK(told[0]["count"].to_number<std::uint64_t>() == lost);
  CHECK(ordinary + lost == 6000);
  CHECK(parse_rfc3339(told[0]["since"].as_string()));
}

TEST_CASE("a reader that goes away costs lines, not the process (F07)") {
  const scratch dir;
  const auto fifo = dir.path / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(log::start(into(fifo)));
  ::close(reader);
  const auto lost_before = log::dropped();
  log::write(level::info, "e", "m");
  log::stop();
  CHECK(log::dropped() == lost_before + 1);
}

TEST_CASE("many threads write whole lines") {
  const scratch dir;
  const auto file = dir.path / "log";
  REQUIRE(log::start(into(file)));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) log::write(level::info, "e", "m", {{"thread", t}});
    });
  }
  for (auto& t : threads) t.join();
  log::stop();
  CHECK(lines_of(file).size() == 400);
}
