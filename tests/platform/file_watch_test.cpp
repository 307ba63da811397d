#include "platform/file_watch.hpp"

#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

namespace regpass::net {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::content_of;
using testing::pause;
using testing::run_task;
using testing::temporary_directory;
using testing::wait_until;

constexpr auto settle = 20ms;

// Counts the calls, and reads the file as its owner would.
struct reader {
  reader(const async::executor& on, fs::path path)
      : file(std::move(path)), eye(on, {file}, [this] { note(); }, settle, 3600s) {}
  void note() {
    ++calls;
    content = content_of(file);
  }
  async::task<bool> sees(std::string text) {
    const auto seen = [&] { return content == text; };
    auto outcome = co_await wait_until(seen, 3s);
    co_return outcome;
  }

  fs::path file;
  int calls = 0;
  std::string content;
  platform::file_watch eye;
};

// What Kubernetes does with a secret mount: a new directory, and the link swapped to it by rename.
void mount_version(const fs::path& at, const std::string& version, const std::string& content) {
  fs::create_directory(at / version);
  std::ofstream(at / version / "config.json") << content;
  fs::create_directory_symlink(version, at / "..data_tmp");
  fs::rename(at / "..data_tmp", at / "..data");
}

TEST_CASE("Nothing is told while nothing changes") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    reader one(on, dir.put("config.json", "one"));
    content_of(one.file);
    co_await pause(100ms);
    CHECK(one.calls == 0);
  });
}

TEST_CASE("A file written anew is told") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    reader one(on, dir.put("config.json", "one"));
    dir.put("config.json", "two");
    const auto seen = co_await one.sees("two");
    CHECK(seen);
  });
}

TEST_CASE("A file replaced by rename is told, again and again") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    reader one(on, dir.put("config.json", "first"));
    for (const std::string content : {"second", "third", "fourth"}) {
      fs::rename(dir.put("config.json.new", content), one.file);
      const auto seen = co_await one.sees(content);
      CHECK(seen);
    }
  });
}

TEST_CASE("A removed file is told") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    reader one(on, dir.put("config.json", "one"));
    one.content = "one";
    fs::remove(one.file);
    const auto seen = co_await one.sees("");
    CHECK(seen);
  });
}

TEST_CASE("The swapped ..data link of a Kubernetes mount is told, again and again") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    mount_version(dir.path(), "..v1", "one");
    fs::create_symlink("..data/config.json", dir / "config.json");
    reader one(on, dir / "config.json");
    for (const std::string version : {"..v2", "..v3", "..v4"}) {
      mount_version(dir.path(), version, version);
      const auto seen = co_await one.sees(version);
      CHECK(seen);
    }
    fs::remove_all(dir / "..v1");
  });
}

TEST_CASE("A link into a Kubernetes mount is followed to where its content changes") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory home;
    const temporary_directory mount;
    mount_version(mount.path(), "..v1", "one");
    fs::create_symlink("..data/config.json", mount / "config.json");
    fs::create_symlink(mount / "config.json", home / "config.json");
    reader one(on, home / "config.json");
    mount_version(mount.path(), "..v2", "two");
    const auto seen = co_await one.sees("two");
    CHECK(seen);
  });
}

TEST_CASE("A whole directory that is watched tells what happens in it") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    int calls = 0;
    const platform::file_watch eye(on, {dir.path()}, [&] { ++calls; }, settle, 3600s);
    dir.put("10-new.json", "x");
    const auto told = [&] { return calls > 0; };
    const auto seen = co_await wait_until(told);
    CHECK(seen);
  });
}

TEST_CASE("A file that appears later is told, with directories that appear later") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    reader one(on, dir / "a/b/config.json");
    fs::create_directory(dir / "a");
    co_await pause(2 * settle);
    fs::create_directory(dir / "a/b");
    co_await pause(2 * settle);
    dir.put("a/b/config.json", "late");
    const auto seen = co_await one.sees("late");
    CHECK(seen);
    fs::remove_all(dir / "a");
    const auto gone = co_await one.sees("");
    CHECK(gone);
    fs::create_directories(dir / "a/b");
    dir.put("a/b/config.json", "again");
    const auto again = co_await one.sees("again");
    CHECK(again);
  });
}

TEST_CASE("A relative path is watched where it is now") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    const auto before = fs::current_path();
    fs::current_path(dir.path());
    int calls = 0;
    const platform::file_watch eye(on, {"config.json", "not/yet"}, [&] { ++calls; }, settle, 3600s);
    fs::current_path(before);
    dir.put("config.json", "x");
    const auto once = [&] { return calls > 0; };
    const auto seen = co_await wait_until(once, 3s);
    CHECK(seen);
    co_await pause(2 * settle);
    calls = 0;
    fs::create_directories(dir / "not/yet");
    const auto seen_directory = co_await wait_until(once, 3s);
    CHECK(seen_directory);
  });
}

TEST_CASE("What happens beside a file that is watched is not told") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    const auto file = dir.put("config.json", "one");
    co_await pause(50ms);
    reader one(on, file);
    dir.put("history", "x");
    co_await pause(150ms);
    CHECK(one.calls == 0);
    dir.put("config.json", "two");
    const auto sees = co_await one.sees("two");
    CHECK(sees);
  });
}

TEST_CASE("A burst of changes is one call, made after its last") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    reader one(on, dir.put("config.json", "0"));
    for (int i = 1; i <= 50; ++i) dir.put("config.json", std::to_string(i));
    const auto seen = co_await one.sees("50");
    CHECK(seen);
    co_await pause(3 * settle);
    CHECK(one.calls == 1);
  });
}

// Nobody is notified of what is written through another of a file's names.
TEST_CASE("File systems that do not notify are looked at now and then, and told of only when they changed") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    const temporary_directory elsewhere;
    const auto file = dir.put("config.json", "one");
    fs::create_hard_link(file, elsewhere / "other-name");
    co_await pause(50ms);
    int calls = 0;
    const platform::file_watch eye(on, {dir / ""}, [&] { ++calls; }, settle, 1s);
    co_await pause(1500ms);
    CHECK(calls == 0);
    elsewhere.put("other-name", "another");
    const auto told = [&] { return calls > 0; };
    const auto seen = co_await wait_until(told, 3s);
    CHECK(seen);
    CHECK(content_of(file) == "another");
  });
}

TEST_CASE("A watch that is gone tells nothing, even of what it had seen") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    int calls = 0;
    auto eye =
        std::make_unique<platform::file_watch>(on, std::vector{dir / "config.json"}, [&] { ++calls; }, settle, 3600s);
    dir.put("config.json", "x");
    co_await pause(settle / 4);  // seen, not told
    eye.reset();
    dir.put("config.json", "y");
    co_await pause(3 * settle);
    CHECK(calls == 0);
  });
}

TEST_CASE("A watch may be destroyed by the call it makes") {
  run_task([]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    const temporary_directory dir;
    std::unique_ptr<platform::file_watch> eye;
    bool called = false;
    const auto last = [&] {
      called = true;
      eye.reset();
    };
    eye = std::make_unique<platform::file_watch>(on, std::vector{dir / "config.json"}, last, settle, 3600s);
    dir.put("config.json", "x");
    const auto done = [&] { return called; };
    const auto seen = co_await wait_until(done);
    CHECK(seen);
    co_await pause(2 * settle);
    CHECK(eye == nullptr);
  });
}

}  // namespace
}  // namespace regpass::net
