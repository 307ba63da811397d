// Requests to a mirror: plain HTTP of a client that takes it for the registry.
#include "regpass/base/log.hpp"
#include "regpass/explain/annotate.hpp"
#include "regpass/forward/mirror.hpp"
#include "regpass/net/prefixed_stream.hpp"
#include "session_impl.hpp"

namespace regpass::forward {

namespace {

constexpr std::size_t first_bytes_at_most = 4096;
constexpr std::string_view tls_handshake = "\x16\x03";  // a record's type and major version (RFC 8446 section 5.1)

}  // namespace

net::task<void> session::run_mirror(const std::string& name) {
  auto first = co_await first_bytes();
  if (first.starts_with(tls_handshake)) {
    co_await decline_tls();
  } else if (!first.empty()) {
    client_ = net::make_prefixed_stream(std::move(first), std::move(client_));
    server front(*client_, around_.bounds, timer_);
    for (;;) {
      auto more = co_await serve_mirrored(front, name);
      if (!more) break;
    }
  }
  client_->close();
}

net::task<std::string> session::first_bytes() {
  std::string bytes(first_bytes_at_most, '\0');
  timer_.set(phase::idle, around_.bounds.idle_for);
  const auto got = co_await client_->read_some(bytes);
  timer_.clear();
  bytes.resize(got.value_or(0));
  co_return bytes;
}

// containers/image and dockerd try TLS first at a registry that may be insecure, and come back without it once they
// have read an answer that is none of TLS. Nothing is wrong, so nothing is logged that anyone would look at.
net::task<void> session::decline_tls() {
  const auto seen = about(http::request_head(), nullptr);
  constexpr std::string_view why = "the client tried TLS at a mirror, which speaks plain HTTP";
  log::write(log::level::debug, "client-rejected", std::string(why), {{"id", seen.id}, {"client", peer_}});
  auto answer = explain::make_plain_error(400, why, seen.id);
  answer.head.headers.set("Connection", "close");
  const auto bytes = http::write_head(answer.head) + answer.body;
  timer_.set(phase::head, around_.bounds.idle_for);
  auto written = co_await net::write_one(*client_, bytes);
  if (written) co_await linger();
}

net::task<bool> session::serve_mirrored(server& front, const std::string& name) {
  auto got = co_await front.next();
  if (!got) {
    co_await refuse_unreadable(got.error(), std::string());
    co_return false;
  }
  const auto from = around_.shared.current();
  const auto found = from->mirrors.find(name);
  // A reload took the mirror away; only a restart closes its port.
  if (found == from->mirrors.end()) co_return false;
  const auto& mirror = found->second;
  auto head = front.head();
  const auto call = ingress_mirror(head, mirror.options.path);
  if (!call) {
    co_await refuse_target(head, mirror, call.error());
    co_return false;
  }
  if (call->bare_ping) {
    auto more = co_await answer_ping(front);
    co_return more;
  }
  const auto made = decide_mirror(*call, mirror, *from);
  if (made.action == decision::what::refuse) {
    explain::policy_step why{made.why, made.remedy};
    co_await refuse_mirrored(403, head, mirror, std::move(why));
    co_return false;
  }
  forward_request what;
  what.target = mirror_target(*made.registry);
  what.registry = made.registry;
  what.snapshot = from;
  what.client = peer_;
  what.mode = mode_;
  what.seen_as = mirror_facade(*call, mirror, what.target);
  auto more = co_await carry(front, std::move(head), std::move(what));
  co_return more;
}

// The prefix is not told: who does not know it may be somebody whom it keeps out.
net::task<void> session::refuse_target(const http::request_head& head, const mirror_entry& mirror, error problem) {
  if (problem.code != errc::not_found) {
    const auto name = registry::to_text(mirror.options.registry);
    co_await refuse_unreadable(std::move(problem), name);
    co_return;
  }
  explain::policy_step why{problem.detail, "write the `path` of its [[mirror]] before or behind /v2"};
  co_await refuse_mirrored(404, head, mirror, std::move(why));
}

net::task<void> session::refuse_mirrored(int status, const http::request_head& head, const mirror_entry& mirror,
                                         explain::policy_step why) {
  auto seen = about(head, nullptr);
  seen.registry = registry::to_text(mirror.options.registry);
  explain::add(seen, 0, std::move(why));
  co_await refuse(status, std::move(seen), "policy-refused");
}

net::task<bool> session::answer_ping(server& front) {
  constexpr std::string_view body = "{}";
  http::response_head head;
  head.status = 200;
  head.reason = http::reason_phrase(200);
  head.headers.add("Content-Type", "application/json");
  head.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
  const http::framing counted{.how = http::framing::kind::counted, .length = body.size()};
  auto written = co_await front.respond(std::move(head), counted);
  if (written) written = co_await front.write(body);
  if (written) written = co_await front.finish(http::fields());
  auto drained = co_await front.drain();
  co_return written&& drained&& front.reusable();
}

}  // namespace regpass::forward
