#include "platform/child.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <thread>

using namespace regpass;

namespace {

int outcome(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment = {}) {
  const auto child = platform::start_child(command, environment);
  REQUIRE(child);
  for (;;) {
    if (const auto code = platform::exit_code_of(*child)) return *code;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

TEST_CASE("A command's exit code is told as a shell tells it") {
  CHECK(outcome({"/bin/sh", "-c", "exit 0"}) == 0);
  CHECK(outcome({"/bin/sh", "-c", "exit 7"}) == 7);
  CHECK(outcome({"/bin/sh", "-c", "kill -9 $$"}) == 128 + SIGKILL);
}

TEST_CASE("A command gets just the variables that it is given, and its words as they are") {
  const testing::temporary_directory dir;
  const auto out = (dir / "out").string();
  CHECK(outcome({"/bin/sh", "-c", "printf '%s|' \"$1\" \"$REGPASS_X\" \"${HOME-none}\" > \"$0\"", out, "a b$c"},
                {{"REGPASS_X", "x y"}}) == 0);
  std::string text;
  std::getline(std::ifstream(out), text);
  CHECK(text == "a b$c|x y|none|");
}

TEST_CASE("A command that does not exist is named") {
  const auto child = platform::start_child({"regpass-no-such-command"}, {});
  REQUIRE_FALSE(child);
  CHECK(child.error().code == errc::not_found);
  CHECK(child.error().detail.starts_with("regpass-no-such-command: "));
}

TEST_CASE("A command may die of a broken pipe though we ignore them") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  CHECK(outcome({"/bin/sh", "-c", "kill -PIPE $$; exit 3"}) == 128 + SIGPIPE);
  std::signal(SIGPIPE, before);
}
