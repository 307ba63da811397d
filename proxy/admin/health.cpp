#include "admin/health.hpp"

#include "regpass/base/text.hpp"

#include <chrono>
#include <memory>
#include <mutex>

namespace regpass::admin {

namespace {

std::string text_of(const readiness& state) {
  std::string text = state.ready ? "ready\n" : "not ready\n";
  for (const auto& [name, value] : state.details) text.append(name).append(": ").append(value).append("\n");
  return text;
}

// Host names and counts are not secret, but a web page that somebody happens to visit must not read them either.
bool is_from_page(const call& request) {
  const auto site = request.headers.get("Sec-Fetch-Site");
  return request.headers.count("Origin") > 0 || (site && !iequals(*site, "none"));
}

// Metrics are far more expensive to render than to send, and probes wait on the same thread. Scrapers get fresh ones;
// clients that ask more often than any scraper get a text cached for up to a second.
class metrics_page {
 public:
  explicit metrics_page(const forward::metrics& counts) : counts_(counts) {}

  std::string text() {
    const std::lock_guard held(lock_);
    const auto now = std::chrono::steady_clock::now();
    if (now - second_began_ >= std::chrono::seconds{1}) {
      second_began_ = now;
      rendered_ = 0;
    }
    if (rendered_ < max_rendered) {
      ++rendered_;
      text_ = counts_.text();
    }
    return text_;
  }

 private:
  static constexpr int max_rendered = 10;  // in a second

  const forward::metrics& counts_;
  std::mutex lock_;
  std::chrono::steady_clock::time_point second_began_;
  int rendered_ = 0;
  std::string text_;
};

responder by_liveness(std::function<async::task<bool>()> alive) {
  return [alive = std::move(alive)](const call&) -> async::task<reply> {
    const auto answers = co_await alive();
    co_return answers ? plain(200, "alive") : plain(503, "a worker does not answer");
  };
}

}  // namespace

responder health_routes(std::function<async::task<bool>()> alive, std::function<readiness()> ready,
                        const forward::metrics& counts) {
  routes table;
  table.on("GET", "/livez", by_liveness(alive));
  table.on("GET", "/startupz", by_liveness(std::move(alive)));
  table.on("GET", "/readyz", [ready = std::move(ready)](const call&) -> async::task<reply> {
    const auto state = ready();
    reply result;
    result.status = state.ready ? 200 : 503;
    result.body = text_of(state);
    co_return result;
  });
  table.on("GET", "/metrics", [page = std::make_shared<metrics_page>(counts)](const call&) -> async::task<reply> {
    reply result;
    result.type = "text/plain; version=0.0.4; charset=utf-8";
    result.body = page->text();
    co_return result;
  });
  return [table = std::move(table)](const call& request) -> async::task<reply> {
    if (is_from_page(request)) co_return plain(403, "requests from web pages are not allowed here");
    auto result = co_await table(request);
    co_return result;
  };
}

}  // namespace regpass::admin
