#include "regpass/async/worker.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

namespace regpass::net {
namespace {

TEST_CASE("A worker runs what is called on its own thread, and waits for it") {
  async::worker one;
  one.start();
  std::thread::id first;
  std::thread::id second;
  one.call([&] { first = std::this_thread::get_id(); });
  one.call([&] { second = std::this_thread::get_id(); });
  CHECK(first == second);
  CHECK(first != std::this_thread::get_id());
}

TEST_CASE("A worker stays when it has nothing to do") {
  async::worker one;
  one.start();
  one.call([] {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  bool ran = false;
  one.call([&] { ran = true; });
  CHECK(ran);
}

TEST_CASE("Before its start and after its stop a worker's work is done by the caller") {
  async::worker one;
  std::thread::id where;
  one.call([&] { where = std::this_thread::get_id(); });
  CHECK(where == std::this_thread::get_id());
  one.start();
  one.stop();
  where = {};
  one.call([&] { where = std::this_thread::get_id(); });
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("A worker survives a handler that throws") {
  async::worker one;
  one.start();
  boost::asio::post(one.get_executor(), [] { throw std::runtime_error("bug"); });
  bool ran = false;
  one.call([&] { ran = true; });
  CHECK(ran);
}

TEST_CASE("What called work throws comes back to the caller, who does not wait for ever") {
  async::worker one;
  one.start();
  auto outcome = std::async(std::launch::async, [&] { one.call([] { throw std::runtime_error("bug"); }); });
  const bool came_back = outcome.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
  CHECK(came_back);
  if (!came_back) std::abort();  // the future's destructor would wait for ever
  CHECK_THROWS_AS(outcome.get(), std::runtime_error);
  bool ran = false;
  one.call([&] { ran = true; });
  CHECK(ran);
}

TEST_CASE("Stopping a worker leaves undone what was not begun, and may be repeated") {
  async::worker one;
  one.start();
  one.stop();
  std::atomic<bool> ran = false;
  boost::asio::post(one.get_executor(), [&] { ran = true; });
  one.stop();
  CHECK_FALSE(ran);
}

TEST_CASE("Workers run side by side") {
  async::worker first;
  async::worker second;
  first.start();
  second.start();
  std::promise<void> let_go;
  boost::asio::post(first.get_executor(), [&] { let_go.get_future().wait(); });
  bool ran = false;
  second.call([&] { ran = true; });
  CHECK(ran);
  let_go.set_value();
  first.call([] {});
}

}  // namespace
}  // namespace regpass::net
