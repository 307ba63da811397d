// Exchanges over HTTP/2: many at a time, each judged as one of HTTP/1.1 is.
#include "diagnosis/present/annotate.hpp"
#include "forward/exchange/exchange_runner.hpp"
#include "forward/session/session_impl.hpp"
#include "regpass/base/log.hpp"
#include "regpass/diagnosis/diagnose.hpp"
#include "transport/h2_connection.hpp"

namespace regpass::forward {

bool session::offers_h2(const target& to) const {
  const auto from = around_.shared.current();
  const auto* entry = from->find(to.registry);
  return entry != nullptr && entry->options.http2 != http2_use::off;
}

async::task<void> session::serve_h2() {
  transport::h2_server::handler serve = [this](transport::downstream& one) { return serve_stream(one); };
  co_await run_h2(std::move(serve), inside_.get());
}

async::task<void> session::run_h2(transport::h2_server::handler serve, const target* to) {
  transport::h2_server inside(*client_, around_.bounds);
  auto ended = co_await inside.run(std::move(serve));
  if (to && ended.code == errc::distrusted) reject(*to, ended);
  const bool hostile = ended.code == errc::bad_message || ended.code == errc::too_large;
  if (!hostile) co_return;
  ended.who = party::client;
  auto seen = about(http::request_head(), to);
  diagnosis::add(seen, 0, diagnosis::failed_step{std::move(ended)});
  conclude(400, seen, "client-rejected");
}

async::task<void> session::serve_stream(transport::downstream& one) {
  const auto& to = *inside_;
  if (!names_target(one.head(), to)) {
    auto seen = about(one.head(), &to);
    diagnosis::add(seen, 0, misdirected(to));
    auto answer = note_refusal(421, std::move(seen), "client-rejected");
    co_await say(one, std::move(answer));
    co_return;
  }
  auto what = request_inside(to, one.head());
  // The host was a registry when the client connected; if a reload took it away, nothing may be injected any more.
  if (what.registry) co_await forward_exchange(around_, std::move(what), one);
}

}  // namespace regpass::forward
