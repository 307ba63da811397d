#include "platform/child_program.hpp"

#include "regpass/async/task_group.hpp"
#include "support/run_task.hpp"
#include "support/script.hpp"

#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace regpass::net {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

platform::program_call call_of(const std::filesystem::path& program) {
  platform::program_call made;
  made.command = {program.string(), "get"};
  made.environment = {"PATH=/usr/bin:/bin"};
  made.within = 20s;
  return made;
}

result<platform::program_end> outcome(platform::program_call call) {
  return testing::run_task(run_program(std::move(call)));
}

async::task<void> expect_timeout(platform::program_call call) {
  auto end = co_await run_program(std::move(call));
  CHECK_FALSE(end);
}

bool is_gone(pid_t process) {
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

pid_t number_in(const std::filesystem::path& file) {
  return static_cast<pid_t>(std::atoi(testing::content_of(file).c_str()));
}

// A killed process stays known until somebody has taken note of it.
bool is_gone_soon(pid_t process) {
  return testing::run_task(testing::wait_until([process] {
    const auto state = testing::content_of("/proc/" + std::to_string(process) + "/stat");
    return is_gone(process) || state.find(") Z ") != std::string::npos;
  }));
}

}  // namespace

TEST_CASE("A program gets its arguments and its input, and its outputs and status come back") {
  const testing::scripts all;
  auto call = call_of(all.put("p", "read line; echo \"$1 $line\"; echo oops >&2; exit 3"));
  call.input = "r.test\n";
  const auto end = outcome(call);
  REQUIRE(end);
  CHECK(end->status == 3);
  CHECK(end->output == "get r.test\n");
  CHECK(end->errors == "oops\n");
}

TEST_CASE("A program gets the environment given and nothing else of ours (T30)") {
  const testing::scripts all;
  ::setenv("REGPASS_TEST_SECRET", "canary", 1);
  const int leak = ::open("/dev/null", O_RDONLY);  // without close-on-exec, as a library may open a file
  REQUIRE(leak > 2);
  auto call = call_of(all.put("p", "env; pwd; ls /proc/self/fd | tr '\\n' ' '; read line || echo end of input"));
  call.environment.emplace_back("AWS_REGION=eu");
  const auto end = outcome(call);
  ::close(leak);
  ::unsetenv("REGPASS_TEST_SECRET");
  REQUIRE(end);
  CHECK_THAT(end->output, Contains("AWS_REGION=eu") && !Contains("canary") && Contains("\n/\n"));
  CHECK_THAT(end->output, Contains("0 1 2 3 end of input"));  // 3 is ls's own
}

TEST_CASE("A program that is ended by a signal says so in its status") {
  const testing::scripts all;
  CHECK(outcome(call_of(all.put("p", "kill -SEGV $$")))->status == 128 + SIGSEGV);
}

TEST_CASE("A program that hangs is killed with all that it started (T30)", "[limits.helper_timeout]") {
  const testing::scripts all;
  const auto child = (all.place() / "child").string();
  auto call = call_of(all.put("p", "trap '' TERM; sleep 600 & echo $! >'" + child + "'; wait"));
  call.within = 300ms;
  const auto end = outcome(call);
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::timed_out);
  CHECK(end.error().detail == "did not end within 300ms and was killed");
  CHECK(is_gone_soon(number_in(child)));
}

TEST_CASE("A program that hangs with its outputs closed is killed, too") {
  const testing::scripts all;
  auto call = call_of(all.put("p", "exec >&- 2>&-; sleep 600"));
  call.within = 300ms;
  CHECK(outcome(call).error().code == errc::timed_out);
}

TEST_CASE("A program that floods its output is killed, one that floods its errors is cut short (T30)",
          "[limits.helper_output_bytes]") {
  const testing::scripts all;
  auto call = call_of(all.put("p", "exec cat /dev/zero"));
  call.most_output = 10'000;
  const auto flood = outcome(call);
  REQUIRE_FALSE(flood);
  CHECK(flood.error().code == errc::too_large);
  CHECK(flood.error().detail == "wrote more than 10000 bytes and was killed");
  const auto noisy = outcome(call_of(all.put("q", "head -c 1000000 /dev/zero >&2; echo fine")));
  REQUIRE(noisy);
  CHECK(noisy->output == "fine\n");
  CHECK(noisy->errors.size() == 4096);
}

TEST_CASE("What a program leaves behind is neither waited for nor left") {
  const testing::scripts all;
  const auto child = (all.place() / "child").string();
  const auto end = outcome(call_of(all.put("p", "sleep 600 & echo $! >'" + child + "'; echo done")));
  REQUIRE(end);
  CHECK(end->output == "done\n");
  CHECK(is_gone_soon(number_in(child)));
}

TEST_CASE("A10: a child in a session of its own is killed with the program", "[limits.helper_timeout]") {
  const testing::scripts all;
  const auto child = (all.place() / "child").string();
  const auto grandchild = (all.place() / "grandchild").string();
  const auto leave = "setsid sh -c 'echo $$ >\"" + child + "\"; (setsid sh -c \"echo \\$\\$ >\\\"" + grandchild +
                     "\\\"; exec sleep 600\" &) ; exec sleep 600' >/dev/null 2>&1 & ";
  const auto wait = "while [ ! -s '" + child + "' ] || [ ! -s '" + grandchild + "' ]; do sleep 0.05; done; ";
  const bool hangs = GENERATE(true, false);
  auto call = call_of(all.put("p", leave + wait + (hangs ? "sleep 600" : "echo done")));
  call.within = hangs ? 3s : 20s;
  const auto end = outcome(call);
  CHECK(end.has_value() == !hangs);
  for (const auto& file : {child, grandchild}) {
    const auto process = number_in(file);
    REQUIRE(process > 1);
    CHECK(is_gone_soon(process));
  }
}

TEST_CASE("A10: programs that run side by side are not taken for one another's children") {
  const testing::scripts all;
  const auto program = all.put("p", "setsid sleep 600 >/dev/null 2>&1 & sleep 0.3; echo fine");
  const auto hanging = all.put("q", "setsid sleep 600 >/dev/null 2>&1 & sleep 600");
  testing::run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::task_group both(on);
    auto short_call = call_of(hanging);
    short_call.within = 100ms;
    both.spawn(expect_timeout(std::move(short_call)), "hangs");
    auto end = co_await run_program(call_of(program));
    co_await both.join();
    REQUIRE(end);
    CHECK(end->output == "fine\n");
  });
}

TEST_CASE("A program that cannot be started says why") {
  const testing::scripts all;
  CHECK(outcome(call_of(all.place() / "none")).error().code == errc::not_found);
  const auto plain = all.place().put("plain", "no program");
  CHECK(outcome(call_of(plain)).error().code == errc::denied);
  std::filesystem::permissions(plain, std::filesystem::perms::owner_all);
  CHECK_THAT(outcome(call_of(plain)).error().detail, StartsWith("cannot be started: "));
}

TEST_CASE("Programs are looked for in the absolute directories of PATH only (T30)") {
  const testing::scripts all;
  const auto file = all.put("docker-credential-x", "");
  all.place().put("docker-credential-data", "");
  CHECK(platform::find_program("docker-credential-x", all.search()) == file);
  CHECK(platform::find_program(file.string(), "") == file);
  CHECK_FALSE(platform::find_program("docker-credential-data", all.search()));  // cannot be executed
  CHECK_FALSE(platform::find_program("./docker-credential-x", all.search()));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(all.place().path());
  CHECK_FALSE(platform::find_program("docker-credential-x", ".::/usr/bin"));
  std::filesystem::current_path(before);
  CHECK(platform::find_program("docker-credential-y", "/usr/bin:/bin").error().detail == "is in no directory of PATH");
}

}  // namespace regpass::net
