// The fake server's HTTP/2 side, with the same script.
#include "common_ground.hpp"
#include "fake_server.hpp"
#include "regpass/http/h2_codec.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>
#include <variant>

namespace regpass::testing {
namespace {

int choose_h2(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned count,
              void* of) {
  static constexpr unsigned char ours[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  const auto takes = *static_cast<const fake_server::versions*>(of);
  unsigned char* found = nullptr;
  const unsigned int taken = takes == fake_server::versions::both ? sizeof ours : 3;
  const int outcome = SSL_select_next_proto(&found, size, ours, taken, offered, count);
  *chosen = found;
  if (outcome == OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_OK;
  return takes == fake_server::versions::http2_alone ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

class h2_conversation {
 public:
  h2_conversation(fake_server& server, wire& on, std::size_t number) : server_(server), on_(on), number_(number) {}

  void run() {
    for (;;) {
      flush();
      const auto bytes = on_.read();
      if (bytes.empty()) return;
      const auto fed = codec_.feed(bytes, steady_time(std::chrono::seconds(1)));
      for (auto& event : codec_.take_events()) {
        std::visit([this](auto& one) { handle(one); }, event);
      }
      if (!fed) return flush();
    }
  }

 private:
  struct exchange {
    received what;
    std::size_t index = 0;
    std::string body;
    reply how;
    std::string out;
    bool replied = false;
  };

  void handle(http::h2_request& event) {
    auto& one = open_[event.stream];
    one.what.connection = number_;
    one.what.method = event.head.method;
    one.what.target = event.head.target;
    for (const auto& field : event.head.headers) one.what.fields.emplace_back(field.name, field.value);
    one.index = server_.note(one.what);
    const auto chosen = server_.choose(one.what);
    one.how = chosen.to_;
    maker_ = chosen.maker_;
    if (one.how.invite && one.what.has("Expect")) {
      http::response_head invitation;
      invitation.status = 100;
      codec_.inform(event.stream, invitation);
    }
    if (one.how.early) answer(event.stream, one);
  }
  void handle(http::h2_data& event) {
    codec_.consumed(event.stream, event.data.size());
    open_[event.stream].body += event.data;
  }
  void handle(http::h2_end& event) {
    auto& one = open_[event.stream];
    one.what.body_size = one.body.size();
    one.what.sha256 = sha256_of(one.body);
    one.what.body = one.body.substr(0, 64UL * 1024);
    one.what.complete = true;
    for (const auto& field : event.trailers)
      one.what.fields.emplace_back("trailer-" + std::string(field.name), field.value);
    server_.renew(one.index, one.what);
    if (maker_) one.how = maker_(one.what);
    if (!one.replied) answer(event.stream, one);
  }
  void handle(http::h2_taken& event) {
    if (open_[event.stream].how.cut_after) codec_.reset(event.stream, http::h2_code::internal_error);
  }
  void handle(http::h2_response&) {}
  void handle(http::h2_finished&) {}
  void handle(http::h2_closed& event) { open_.erase(event.stream); }
  void handle(http::h2_going_away&) {}

  void answer(std::int32_t stream, exchange& one) {
    one.replied = true;
    const auto& how = one.how;
    if (how.silent) return;
    if (how.cut) throw std::runtime_error("cut");
    if (how.close) codec_.go_away();
    if (how.h2_reset) return codec_.reset(stream, static_cast<http::h2_code>(*how.h2_reset));
    http::response_head head;
    head.status = how.status;
    for (const auto& [name, value] : how.fields) head.headers.add(name, value);
    one.out = how.pattern_bytes ? pattern(0, *how.pattern_bytes) : how.body;
    const bool bodiless = one.what.method == "HEAD" || how.status == 204 || how.status == 304;
    if (one.what.method == "HEAD") head.headers.add("Content-Length", std::to_string(one.out.size()));
    http::framing body{how.chunked ? http::framing::kind::chunked : http::framing::kind::counted, one.out.size()};
    if (bodiless) body = {};
    codec_.respond(stream, head, body);
    if (!body.has_body()) return;
    if (how.cut_after) one.out.resize(static_cast<std::size_t>(*how.cut_after));
    codec_.lend(stream, one.out);
    http::fields trailers;
    for (const auto& [name, value] : how.trailers) trailers.add(name, value);
    if (!how.cut_after && !how.unfinished) codec_.finish(stream, trailers);
  }

  void flush() {
    std::string out;
    const auto written = codec_.output(out, 1U << 24U);
    // Events produced by output() itself, for body pieces that were sent.
    for (auto& event : codec_.take_events()) {
      std::visit([this](auto& one) { handle(one); }, event);
    }
    const auto more = codec_.output(out, 1U << 25U);
    if (!out.empty() && !on_.write(out)) throw std::runtime_error("gone");
    if (!written || !more) throw std::runtime_error("broken");
  }

  fake_server& server_;
  wire& on_;
  std::size_t number_;
  http::h2_codec codec_{http::h2_role::server};
  std::map<std::int32_t, exchange> open_;
  sentence::maker maker_;
};

void fake_server::speak_h2(versions takes) {
  static versions all[] = {versions::both, versions::http2_alone, versions::http2_or_nothing};
  auto context = server_side(common_ground().upstream_ca.issue({"127.0.0.1", "localhost"}));
  SSL_CTX_set_alpn_select_cb(context.get(), choose_h2, &all[static_cast<std::size_t>(takes)]);
  only_h2_ = takes != versions::both;
  const std::lock_guard held(lock_);
  certificate_ = std::move(context);
}

void fake_server::converse_h2(wire& on, std::size_t number) {
  h2_conversation(*this, on, number).run();
}

}  // namespace regpass::testing
