// Requests to a mirror: plain HTTP of a client that takes it for the registry, in either version.
#include "diagnosis/present/annotate.hpp"
#include "forward/modes/mirror.hpp"
#include "forward/session/session_impl.hpp"
#include "net/prefixed_stream.hpp"
#include "regpass/base/log.hpp"
#include "regpass/http/h2_codec.hpp"
#include "transport/h2_connection.hpp"

#include <utility>

namespace regpass::forward {

namespace {

constexpr std::size_t first_bytes_at_most = 4096;
constexpr std::string_view tls_handshake = "\x16\x03";  // a record's type and major version (RFC 8446 section 5.1)

bool begins_h2(std::string_view bytes) {
  return bytes.starts_with(http::h2_preface);
}

bool may_become_h2(std::string_view bytes) {
  return !begins_h2(bytes) && http::h2_preface.starts_with(bytes);
}

}  // namespace

async::task<void> session::serve_mirror(std::string name) {
  auto first = co_await first_bytes();
  const bool http2 = begins_h2(first);
  if (first.starts_with(tls_handshake)) {
    co_await decline_tls();
  } else if (!first.empty()) {
    client_ = net::make_prefixed_stream(std::move(first), std::move(client_));
    if (http2) {
      co_await serve_mirror_h2(name);
    } else {
      co_await serve_mirror_h1(name);
    }
  }
}

// As many as it takes to tell what the client speaks.
async::task<std::string> session::first_bytes() {
  std::string bytes;
  timer_.set(phase::idle, around_.bounds.idle_for);
  const auto spoke = co_await client_->wait_readable();
  if (!spoke) co_return bytes;
  std::string piece(first_bytes_at_most, '\0');
  while (may_become_h2(bytes)) {
    auto got = co_await client_->read_some(piece);
    if (!got || *got == 0) break;
    bytes.append(piece, 0, *got);
  }
  timer_.clear();
  co_return bytes;
}

// containers/image and dockerd try TLS first at a registry that may be insecure, and come back without it once they
// have read an answer that is none of TLS. Nothing is wrong, so nothing is logged that anyone would look at.
async::task<void> session::decline_tls() {
  const auto seen = about(http::request_head(), nullptr);
  constexpr std::string_view why = "the client tried TLS at a mirror, which speaks plain HTTP";
  log::write(log::level::debug, "client-rejected", std::string(why), {{"id", seen.id}, {"client", peer_}});
  auto answer = diagnosis::make_plain_error(400, why, seen.id);
  answer.head.headers.set("Connection", "close");
  const auto bytes = http::write_head(answer.head) + answer.body;
  timer_.set(phase::head, around_.bounds.idle_for);
  auto written = co_await net::write_one(*client_, bytes);
  if (written) co_await linger();
}

async::task<void> session::serve_mirror_h1(const std::string& name) {
  server front(*client_, around_.bounds, timer_);
  for (;;) {
    co_await front.wait();
    auto more = co_await serve_one_mirrored(front, name);
    if (!more) co_return;
  }
}

async::task<bool> session::serve_one_mirrored(server& front, const std::string& name) {
  auto got = co_await front.next();
  if (!got) {
    co_await refuse_unreadable(got.error(), std::string());
    co_return false;
  }
  auto judged = judge_mirrored(front.head(), name);
  if (judged.what == mirrored::kind::gone) co_return false;
  if (judged.what == mirrored::kind::refuse) {
    co_await refuse(judged.status, std::move(judged.seen), judged.event);
    co_return false;
  }
  co_await answer_mirrored(std::move(judged), front);
  auto drained = co_await front.drain();
  const bool more = drained && front.reusable();
  co_return more;
}

async::task<void> session::serve_mirror_h2(const std::string& name) {
  transport::h2_server::handler serve = [this, &name](transport::downstream& one) {
    return answer_mirrored(judge_mirrored(one.head(), name), one);
  };
  co_await run_h2(std::move(serve), nullptr);
}

session::mirrored session::judge_mirrored(const http::request_head& asked, const std::string& name) {
  const auto from = around_.shared.current();
  const auto found = from->mirrors.find(name);
  if (found == from->mirrors.end()) return {};
  const auto& mirror = found->second;
  auto head = asked;
  const auto call = ingress_mirror(head, mirror.options.path);
  if (!call) return refuse_target(asked, mirror, call.error());
  if (const auto refused = judge_caller(asked, *call, mirror, *from)) {
    return refuse_mirrored(403, head, mirror, diagnosis::policy_step{refused->why, refused->remedy});
  }
  mirrored made;
  if (call->bare_ping) {
    made.what = mirrored::kind::ping;
    return made;
  }
  const auto decided = decide_mirror(*call, mirror, *from);
  if (decided.action == decision::what::refuse) {
    return refuse_mirrored(403, head, mirror, diagnosis::policy_step{decided.why, decided.remedy});
  }
  made.what = mirrored::kind::forward;
  made.request.target = mirror_target(*decided.registry);
  made.request.head = std::move(head);
  made.request.registry = decided.registry;
  made.request.snapshot = from;
  made.request.client = peer_;
  made.request.mode = mode_;
  made.request.seen_as = mirror_facade(*call, mirror, made.request.target);
  return made;
}

// The prefix is not told: who does not know it may be somebody whom it keeps out.
session::mirrored session::refuse_target(const http::request_head& head, const mirror_entry& mirror,
                                         error problem) const {
  if (problem.code == errc::not_found) {
    diagnosis::policy_step why{problem.detail, "write the `path` of its [[mirror]] before or behind /v2"};
    return refuse_mirrored(404, head, mirror, std::move(why));
  }
  problem.who = party::client;
  auto made = refuse_mirrored(400, head, mirror, diagnosis::failed_step{std::move(problem)});
  made.event = "client-rejected";
  return made;
}

session::mirrored session::refuse_mirrored(int status, const http::request_head& head, const mirror_entry& mirror,
                                           diagnosis::step why) const {
  mirrored made;
  made.what = mirrored::kind::refuse;
  made.status = status;
  made.event = "policy-refused";
  made.seen = about(head, nullptr);
  made.seen.registry = registry::to_text(mirror.options.registry);
  diagnosis::add(made.seen, 0, std::move(why));
  return made;
}

async::task<void> session::answer_mirrored(mirrored judged, transport::downstream& one) {
  switch (judged.what) {
    case mirrored::kind::gone:
      break;
    case mirrored::kind::ping: {
      auto answer = pong();
      co_await say(one, std::move(answer));
      break;
    }
    case mirrored::kind::refuse: {
      auto answer = note_refusal(judged.status, std::move(judged.seen), judged.event);
      co_await say(one, std::move(answer));
      break;
    }
    case mirrored::kind::forward:
      co_await forward_exchange(around_, std::move(judged.request), one);
      break;
  }
}

diagnosis::annotated session::pong() {
  diagnosis::annotated made;
  made.body = "{}";
  made.head.status = 200;
  made.head.reason = http::reason_phrase(200);
  made.head.headers.add("Content-Type", "application/json");
  made.head.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
  return made;
}

}  // namespace regpass::forward
