#include "admin/page_events.hpp"

#include "admin/page_data.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <chrono>

namespace regpass::admin {

namespace {

using std::chrono::milliseconds;

// The journal is shared by all workers and wakes nobody; looking costs a lock, and only while a page is open.
constexpr auto look_every = milliseconds{250};
// A browser that has disconnected is noticed only when writing fails.
constexpr auto say_something_every = milliseconds{15'000};

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string events(const std::vector<forward::exchange_record>& fresh, std::uint64_t seen) {
  std::string text;
  auto id = seen - fresh.size();
  for (const auto& record : fresh) {
    text += "id: " + std::to_string(++id) + "\nevent: exchange\n";
    text += "data: " + boost::json::serialize(exchange_json(record)) + "\n\n";
  }
  return text;
}

async::task<void> tell(const forward::history& history, std::uint64_t seen, transport::downstream& to) {
  const auto on = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(on);
  auto silent = milliseconds{0};
  auto written = co_await to.write("retry: 2000\n\n");
  while (written) {
    const auto fresh = history.since(seen);
    if (!fresh.empty()) {
      const auto text = events(fresh, seen);
      written = co_await to.write(text);
      silent = milliseconds{0};
    } else if (silent >= say_something_every) {
      written = co_await to.write(": still here\n\n");
      silent = milliseconds{0};
    }
    timer.expires_after(look_every);
    co_await timer.async_wait(async::use_task);
    silent += look_every;
  }
}

}  // namespace

reply event_stream(const forward::history& history, const call& request) {
  const auto last = request.headers.get("Last-Event-ID");
  const auto seen = number_in(last ? std::string(*last) : parameter(request, "since"));
  reply result;
  result.type = "text/event-stream";
  if (request.method == "HEAD") return result;
  result.stream = [&history, seen](transport::downstream& to) { return tell(history, seen, to); };
  return result;
}

}  // namespace regpass::admin
