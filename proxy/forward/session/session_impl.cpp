#include "forward/session/session_impl.hpp"

#include "diagnosis/present/annotate.hpp"
#include "forward/record/id.hpp"
#include "forward/session/client_auth.hpp"
#include "forward/session/unused_entries.hpp"
#include "net/own_address.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/forward/report.hpp"
#include "regpass/http/hop.hpp"
#include "regpass/net/listener.hpp"

#include <array>

namespace regpass::forward {

namespace {

// How long the client may take to read our last words, and how much of what it still sends is read, before the
// connection is reset.
constexpr auto linger_for = std::chrono::seconds{2};
constexpr std::size_t linger_bytes = 256 * 1024;

int status_for(const error& problem) {
  switch (problem.code) {
    case errc::too_large:
      return 431;
    case errc::unsupported:
      return 417;
    case errc::timed_out:
      return 408;
    default:
      return 400;
  }
}

bool is_from_here(const std::string& peer) {
  const auto at = net::parse_endpoint(peer);
  return at && net::is_own_address(at->address());
}

void log_refusal(std::string_view event, const diagnosis::evidence& seen,
                 const std::optional<diagnosis::explanation>& explained) {
  boost::json::object more{{"id", seen.id},
                           {"mode", seen.mode},
                           {"client", seen.client},
                           {"registry", seen.registry},
                           {"method", seen.method}};
  if (explained) add_explained(more, seen, *explained);
  log::write(log::level::warn, event, explained ? explained->summary : "the request was refused", more);
}

}  // namespace

session::session(const worker_context& around, std::unique_ptr<net::stream> client, std::string peer, std::string mode)
    : around_(around),
      client_(std::move(client)),
      peer_(std::move(peer)),
      mode_(std::move(mode)),
      timer_(around.on, [this] { client_->close(); }) {}

// The frame that waits with an idle connection: what is only needed to serve a request is in others.
async::task<void> session::run(std::unique_ptr<session> self, async::task<void> opening) {
  auto& one = *self;
  one.around_.shared.load.sessions++;
  co_await std::move(opening);
  if (one.expected_) {
    one.timer_.set(phase::tls, one.around_.bounds.tls_within);
    auto spoke = co_await one.client_->wait_readable();
    co_await one.secure(std::move(spoke));
  }
  if (one.inside_ && one.http2_) {
    co_await one.serve_h2();
  } else if (one.inside_) {
    server inside(*one.client_, one.around_.bounds, one.timer_);
    for (bool more = true; more;) {
      co_await inside.wait();
      more = co_await one.serve_one_inside(inside);
    }
  }
  one.client_->close();
  if (one.aside_) {
    co_await one.aside_->join();
  }
  one.around_.shared.load.sessions--;
}

async::task<void> session::serve_proxy() {
  server front(*client_, around_.bounds, timer_);
  for (;;) {
    co_await front.wait();
    auto more = co_await serve_one(front);
    if (!more) co_return;
  }
}

async::task<bool> session::serve_one(server& front) {
  auto got = co_await front.next();
  if (!got) {
    co_await refuse_unreadable(got.error(), std::string());
    co_return false;
  }
  auto known = co_await admitted(front.head());
  if (!known) co_return false;
  auto more = co_await serve_head(front, front.head());
  co_return more;
}

async::task<bool> session::serve_head(server& front, http::request_head head) {
  const auto to = ingress(head);
  if (!to) {
    co_await refuse_unreadable(to.error(), std::string());
    co_return false;
  }
  auto more = co_await serve_target(front, std::move(head), *to);
  co_return more;
}

async::task<bool> session::serve_target(server& front, http::request_head head, target to) {
  const auto from = around_.shared.current();
  const auto made = decide(to, *from, !to.tls() && is_from_here(peer_));
  if (made.action == decision::what::refuse) {
    auto seen = about(head, &to);
    diagnosis::add(seen, 0, diagnosis::policy_step{made.why, made.remedy});
    co_await refuse(403, std::move(seen), "policy-refused");
    co_return false;
  }
  if (!to.tls()) {
    auto more = co_await exchange_in_clear(front, std::move(head), std::move(to), made, from);
    co_return more;
  }
  if (made.action == decision::what::tunnel) {
    co_await tunnel(front, std::move(to), from, made, std::string());
  } else {
    co_await intercept(front, std::move(to), from, made);
  }
  co_return false;
}

async::task<bool> session::exchange_in_clear(server& front, http::request_head head, target to, decision made,
                                             snapshot_ptr from) {
  forward_request what;
  what.target = made.upgrade ? over_tls(to) : to;
  if (made.upgrade) what.seen_as = facade{.registry = what.target.origin, .shown = to.origin};
  what.registry = made.registry;
  what.snapshot = std::move(from);
  what.client = peer_;
  what.mode = mode_;
  what.may_be_step = what.registry && around_.shared.steps.suspects(traits_, head, what.snapshot->clients.builder);
  auto more = co_await carry(front, std::move(head), std::move(what));
  co_return more;
}

async::task<bool> session::carry(server& front, http::request_head head, forward_request what) {
  what.head = std::move(head);
  co_await forward_exchange(around_, std::move(what), front);
  auto drained = co_await front.drain();
  const bool hostile = !drained && drained.error().code == errc::bad_message;
  if (hostile || front.continue_unanswered()) co_await linger();
  co_return drained&& front.reusable();
}

std::optional<diagnosis::explanation> session::conclude(int status, diagnosis::evidence& seen, std::string_view event) {
  seen.status = status;
  auto explained = diagnosis::diagnose(seen);
  auto outcome = std::make_shared<const exchange_record>(exchange_record{seen, explained});
  around_.shared.metrics.exchange(*outcome, around_.shared.current()->knows(seen.registry));
  if (!should_report(around_, peer_, explained ? std::string_view(explained->cause) : event)) return explained;
  log_refusal(event, seen, explained);
  around_.shared.history.add(std::move(outcome));
  return explained;
}

diagnosis::annotated session::note_refusal(int status, diagnosis::evidence seen, std::string_view event) {
  const auto explained = conclude(status, seen, event);
  return explained
             ? diagnosis::make_error(status, *explained, seen.id)
             : diagnosis::make_plain_error(status, "the request was refused; the log of regpass says why", seen.id);
}

async::task<void> session::refuse(int status, diagnosis::evidence seen, std::string_view event) {
  const bool bodiless = seen.method == "HEAD";
  auto answer = note_refusal(status, std::move(seen), event);
  answer.head.headers.set("Connection", "close");
  if (status == 407) answer.head.headers.set("Proxy-Authenticate", proxy_challenge);
  const auto bytes = http::write_head(answer.head);
  const std::string_view body = bodiless ? std::string_view() : std::string_view(answer.body);
  const std::array<std::string_view, 2> parts(std::to_array<std::string_view>({bytes, body}));
  timer_.set(phase::head, around_.bounds.idle_for);
  auto written = co_await client_->write_all(parts);
  if (written) co_await linger();
}

async::task<void> session::say(transport::downstream& one, diagnosis::annotated answer) {
  const http::framing counted{.how = http::framing::kind::counted, .length = answer.body.size()};
  auto said = co_await one.respond(std::move(answer.head), counted);
  if (said) said = co_await one.write(answer.body);
  if (said) co_await one.finish(http::fields());
}

async::task<void> session::refuse_unreadable(error problem, const std::string& registry) {
  if (problem.code == errc::closed || problem.code == errc::reset || problem.code == errc::cancelled) co_return;
  if (timer_.expired()) co_return;  // the stream is closed already
  problem.who = party::client;
  auto seen = about(http::request_head(), nullptr);
  seen.registry = registry;
  const int status = status_for(problem);
  diagnosis::add(seen, 0, diagnosis::failed_step{std::move(problem)});
  co_await refuse(status, std::move(seen), "client-rejected");
}

// Closing at once, with input unread, would reset the connection and take our answer with it.
async::task<void> session::linger() {
  timer_.set(phase::head, linger_for);
  auto shut = co_await client_->shut_write();
  if (!shut) co_return;
  std::string sink(16 * 1024, '\0');
  for (std::size_t total = 0; total < linger_bytes;) {
    auto got = co_await client_->read_some(sink);
    if (!got || *got == 0) co_return;
    total += *got;
  }
}

diagnosis::evidence session::about(const http::request_head& head, const target* to) const {
  diagnosis::evidence seen;
  seen.id = new_id();
  seen.began_at = now().wall;
  seen.mode = mode_;
  seen.client = peer_;
  seen.method = clean(head.method, 32);
  seen.path = masked_url(head.target);
  if (to) seen.registry = registry::to_text(to->registry);
  if (to) note_entries(seen, *to, *around_.shared.current());
  return seen;
}

}  // namespace regpass::forward
