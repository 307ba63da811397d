// Server-sent events, as they go over a connection.
#include "admin/page.hpp"
#include "support/run_task.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;
using Catch::Matchers::Contains;

namespace {

// Keeps what is written; a browser that goes away lets the next write fail.
class listener final : public transport::downstream {
 public:
  std::string heard;
  bool gone = false;

  const http::request_head& head() const noexcept override { return head_; }
  http::framing body() const noexcept override { return {}; }
  async::task<result<std::string_view>> read() override { co_return std::string_view(); }
  const http::fields& trailers() const noexcept override { return none_; }
  async::task<result<void>> inform(http::response_head) override { co_return result<void>(); }
  async::task<result<void>> respond(http::response_head, http::framing) override { co_return result<void>(); }
  async::task<result<void>> write(std::string_view piece) override {
    if (gone) co_return fail(errc::closed, "gone");
    heard += piece;
    co_return result<void>();
  }
  async::task<result<void>> finish(http::fields) override { co_return result<void>(); }
  void abort() noexcept override {}
  bool responded() const noexcept override { return true; }
  std::string_view version() const noexcept override { return "1.1"; }

 private:
  http::request_head head_;
  http::fields none_;
};

forward::exchange_record exchange_of(const std::string& id) {
  forward::exchange_record one;
  one.evidence.id = id;
  one.evidence.registry = "registry.test";
  return one;
}

struct scene {
  admin::reply open(const std::string& query, const std::string& last = {}, const std::string& method = "GET") {
    admin::call asked;
    asked.method = method;
    asked.path = "/events";
    asked.query = query;
    asked.headers.add("Host", "localhost");
    asked.headers.add("Cookie", "regpass-80=abc");
    if (!last.empty()) asked.headers.add("Last-Event-ID", last);
    return run_task(page(asked));
  }
  forward::history journal{4};
  admin::responder page = admin::page_routes(admin::page_hooks{secret("abc"), &journal, {}, {}});
};

async::task<void> hear(admin::reply from, listener& to, bool& ended) {
  co_await from.stream(to);
  ended = true;
}

}  // namespace

TEST_CASE("A finished exchange is sent once to a listening browser") {
  scene at;
  at.journal.add(exchange_of("old"));
  const auto opened = at.open("since=1");
  CHECK(opened.type == "text/event-stream");
  REQUIRE(opened.stream);
  listener browser;
  bool ended = false;
  const auto began = [&] { return !browser.heard.empty(); };
  const auto was_told = [&] { return browser.heard.ends_with("}\n\n"); };
  const auto has_ended = [&] { return ended; };
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::spawn(on, hear(opened, browser, ended), "events");
    auto begun = co_await wait_until(began);
    CHECK(begun);
    at.journal.add(exchange_of("new"));
    auto told = co_await wait_until(was_told);
    CHECK(told);
    browser.gone = true;
    at.journal.add(exchange_of("unheard"));
    auto over = co_await wait_until(has_ended);
    CHECK(over);
  });
  CHECK_THAT(browser.heard,
             Contains("id: 2\nevent: exchange\ndata: {\"id\":\"new\"") && !Contains("\"old\"") && !Contains("unheard"));
}

TEST_CASE("A browser that reconnects gets the events that it missed") {
  scene at;
  for (const auto* id : {"one", "two", "three"}) at.journal.add(exchange_of(id));
  const auto opened = at.open("since=0", "1");
  listener browser;
  bool ended = false;
  const auto was_told = [&] { return browser.heard.ends_with("}\n\n"); };
  const auto has_ended = [&] { return ended; };
  run_task([&]() -> async::task<void> {
    const auto on = co_await boost::asio::this_coro::executor;
    async::spawn(on, hear(opened, browser, ended), "events");
    auto told = co_await wait_until(was_told);
    CHECK(told);
    browser.gone = true;
    at.journal.add(exchange_of("four"));
    auto over = co_await wait_until(has_ended);
    CHECK(over);
  });
  CHECK_THAT(browser.heard, Contains("id: 2\n") && Contains("id: 3\n") && !Contains("\"one\""));
}

TEST_CASE("HEAD gets the head of the events, and no stream") {
  scene at;
  CHECK_FALSE(at.open("", {}, "HEAD").stream);
}
