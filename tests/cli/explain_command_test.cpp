// `regpass explain`: what it prints, and how it ends.
#include "cli/commands/commands.hpp"
#include "support/temporary_directory.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

using namespace regpass;
using namespace regpass::testing;

namespace {

struct ran {
  int code = 0;
  std::string out;
};

// The command writes to the process's own standard output.
ran explained(const cli::explain_options& options) {
  const temporary_directory place;
  const auto file = (place / "out").string();
  std::fflush(stdout);
  const int kept = ::dup(STDOUT_FILENO);
  const int to = ::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ::dup2(to, STDOUT_FILENO);
  ::close(to);
  ran made;
  cli::common_options common;
  common.sets = {"state_dir=" + place.path().string()};  // where no sidecar can be asked
  made.code = cli::explain_failures(common, options);
  std::fflush(stdout);
  ::dup2(kept, STDOUT_FILENO);
  ::close(kept);
  made.out = content_of(file);
  return made;
}

std::string failed(const std::string& id) {
  return R"({"event":"exchange","id":")" + id +
         R"(","registry":"registry.test","repository":"team-a/app","action":"push","method":"POST",)"
         R"("path":"/v2/team-a/app/blobs/uploads/","status":403,"began_at":"2026-08-01T12:00:00.000Z","handshake":[)"
         R"({"step":"sent","at_ms":0,"request":"POST /v2/team-a/app/blobs/uploads/","authorization":"none"},)"
         R"({"step":"answered","at_ms":3,"status":403,"api_version":true,"errors":[{"code":"DENIED"}]}]})"
         "\n";
}

const std::string fine =
    R"({"event":"exchange","id":"f","registry":"registry.test","method":"GET","path":"/v2/","status":200})"
    "\n";

bool holds(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a log's failures are explained, and that there was one is the exit code") {
  const temporary_directory place;
  const auto log = place.put("log", fine + failed("aaaa") + "no line of ours\n" + failed("bbbb")).string();
  const auto got = explained({.what = log});
  CHECK(got.code == cli::exit_failed);
  CHECK(holds(got.out, "aaaa"));
  CHECK(holds(got.out, "bbbb"));
  CHECK(holds(got.out, "What to do"));
  CHECK(holds(got.out, "POST /v2/team-a/app/blobs/uploads/ at registry.test"));
  CHECK(holds(got.out, "3 exchanges, 2 of them failed; 1 lines are no log lines"));
  CHECK(got.out.find('\x1b') == std::string::npos);
}

TEST_CASE("E6: refusals that the log only counts are added to the sum") {
  const temporary_directory place;
  const std::string counted = R"({"event":"refusals-counted","client":"10.0.0.1","cause":"policy-refused","count":97})"
                              "\n";
  const auto log = place.put("log", failed("aaaa") + counted + counted).string();
  CHECK(holds(explained({.what = log}).out, "1 of them failed; 194 more refusals were only counted"));
  CHECK(boost::json::parse(explained({.what = log, .json = true}).out).at("only_counted") == 194);
  const auto fine_log = place.put("fine", fine).string();
  CHECK_FALSE(holds(explained({.what = fine_log}).out, "only counted"));
}

TEST_CASE("the last failures only, when no more are wanted") {
  const temporary_directory place;
  const auto log = place.put("log", failed("aaaa") + failed("bbbb") + failed("cccc")).string();
  const auto got = explained({.what = log, .last = 1});
  CHECK(got.code == cli::exit_failed);
  CHECK_FALSE(holds(got.out, "bbbb"));
  CHECK(holds(got.out, "cccc"));
}

TEST_CASE("for programs it is one JSON document, with and without failures") {
  const temporary_directory place;
  const auto bad = explained({.what = place.put("bad", failed("aaaa") + failed("bbbb")).string(), .json = true});
  const auto both = boost::json::parse(bad.out);
  CHECK(both.at("failures").as_array().size() == 2);
  CHECK(both.at("failures").at(0).at("explanation").at("cause").is_string());
  CHECK(both.at("exchanges") == 2);
  const auto good = explained({.what = place.put("good", fine).string(), .json = true});
  CHECK(good.code == cli::exit_fine);
  CHECK(boost::json::parse(good.out).at("failures").as_array().empty());
}

TEST_CASE("C1: a log in UTF-16 is named, and one with a mark of UTF-8 is read") {
  const temporary_directory place;
  std::string wide = "\xFF\xFE";
  for (const char c : failed("a")) wide.append({c, '\0'});
  CHECK(explained({.what = place.put("wide.log", wide).string()}).code == cli::exit_usage);
  const auto got = explained({.what = place.put("marked.log", "\xEF\xBB\xBF" + failed("a")).string()});
  CHECK(got.code == cli::exit_failed);
  CHECK(holds(got.out, "1 exchanges, 1 of them failed"));
  CHECK_FALSE(holds(got.out, "skipped"));
}

TEST_CASE("a cause is told of, and what is neither a cause nor a file is bad usage") {
  const auto got = explained({.what = "granted-less"});
  CHECK(got.code == cli::exit_fine);
  CHECK(holds(got.out, "Why it happens"));
  CHECK(explained({.what = "granted-lesss"}).code == cli::exit_usage);
  CHECK(explained({}).code == cli::exit_usage);
}
