// One client connection: the proxy's own HTTP first, or what was captured, then a tunnel, or TLS of ours with exchanges
// inside.
#pragma once

#include "diagnosis/present/annotate.hpp"
#include "forward/exchange/exchange_runner.hpp"
#include "forward/exchange/route.hpp"
#include "forward/modes/redirected.hpp"
#include "forward/services/services.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/async/task_group.hpp"
#include "regpass/diagnosis/evidence.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/net/upstream_proxy.hpp"
#include "regpass/transport/h1_connection.hpp"
#include "transport/h2_connection.hpp"

#include <memory>
#include <string>

namespace regpass::forward {

class session {
 public:
  // `mode` is for the log: proxy | transparent | mirror.
  session(const worker_context& around, std::unique_ptr<net::stream> client, std::string peer, std::string mode);
  // A connection's way from its first byte, by what it was accepted as. Each returns when the connection is done, or
  // has become TLS of ours: see `inside_`.
  async::task<void> serve_proxy();
  async::task<void> serve_captured(net_endpoint original);
  async::task<void> serve_mirror(std::string name);
  // From the first byte, `opening` being one of those, to the last.
  static async::task<void> run(std::unique_ptr<session> self, async::task<void> opening);

 private:
  using server = transport::h1_server;

  // Requests to the proxy itself.
  async::task<bool> serve_one(server& front);  // false: the connection is over
  // Whether the client may use the proxy at all; if not, it was told so, and the connection is over.
  async::task<bool> admitted(const http::request_head& head);
  async::task<bool> serve_head(server& front, http::request_head head);
  async::task<bool> serve_target(server& front, http::request_head head, target to);
  async::task<bool> exchange_in_clear(server& front, http::request_head head, target to, decision made,
                                      snapshot_ptr from);

  // Requests to a mirror, which are a registry's.
  struct mirrored {
    enum class kind : std::uint8_t {
      gone,  // a reload took the mirror away; only a restart closes its port
      ping,
      refuse,
      forward
    };
    kind what = kind::gone;
    int status = 0;            // refuse
    diagnosis::evidence seen;  // refuse
    std::string_view event;    // refuse
    forward_request request;   // forward
  };
  async::task<void> serve_mirror_h1(const std::string& name);
  async::task<bool> serve_one_mirrored(server& front, const std::string& name);
  async::task<void> serve_mirror_h2(const std::string& name);
  mirrored judge_mirrored(const http::request_head& asked, const std::string& name);
  mirrored refuse_target(const http::request_head& head, const mirror_entry& mirror, error problem) const;
  mirrored refuse_mirrored(int status, const http::request_head& head, const mirror_entry& mirror,
                           diagnosis::step why) const;
  async::task<void> answer_mirrored(mirrored judged, transport::downstream& one);
  static diagnosis::annotated pong();
  async::task<std::string> first_bytes();
  async::task<void> decline_tls();
  async::task<bool> carry(server& front, http::request_head head, forward_request what);

  // For a tunnel. errc::cancelled: the client hung up while the name was being looked up.
  async::task<result<net::connected_stream>> reach(net::dial_target where, snapshot_ptr from);
  void log_left(const net::dial_target& where) const;
  // TLS of ours is to begin with the client's next bytes.
  void expect_tls(tls::context context, target to);
  async::task<void> secure(result<void> spoke);
  // `made` of a registry: one that cannot be intercepted. `remark`: for the log, why not.
  async::task<void> tunnel(server& front, target to, snapshot_ptr from, decision made, std::string remark);
  async::task<void> intercept(server& front, target to, snapshot_ptr from, decision made);
  // Nothing is injected there: where interception fails, the connection goes on without it.
  static bool only_watched(const registry_entry* entry);
  // Why it is not intercepted, though it could be observed; empty: it is.
  std::string unwatched(const target& to, const decision& made, const result<tls::context>& leaf) const;
  void reject(const target& to, error problem);
  async::task<bool> serve_one_inside(server& inside);  // false: the connection is over
  // HTTP/2 is chosen when the client offers it. That costs uploads nothing: the one client whose uploads it would slow
  // down, BuildKit, does not offer it.
  bool offers_h2(const target& to) const;
  async::task<void> serve_h2();
  // `to`: of a connection that has one.
  async::task<void> run_h2(transport::h2_server::handler serve, const target* to);
  async::task<void> serve_stream(transport::downstream& one);
  // Host must name the host that CONNECT or SNI named, or a request could take one registry's token to another (T20).
  static bool names_target(const http::request_head& head, const target& to);
  static diagnosis::failed_step misdirected(const target& to);
  forward_request request_inside(const target& to, const http::request_head& head);

  // What was redirected to us (session_transparent.cpp).
  async::task<beginning> look_ahead();
  async::task<void> serve_captured_tls(target to, std::string remark);
  async::task<void> serve_captured_http(net_endpoint original);
  async::task<bool> serve_captured_request(server& front, const net_endpoint& original);
  async::task<void> serve_captured_registry(target to, snapshot_ptr from, decision made);
  async::task<void> splice(target to, snapshot_ptr from, decision made, std::string remark);
  async::task<void> turn_away(target to, diagnosis::step why, std::string_view event);
  async::task<void> compare_addresses(target to);

  // An answer of ours to a request that went nowhere, said as an explanation. The connection closes after it.
  async::task<void> refuse(int status, diagnosis::evidence seen, std::string_view event);
  std::optional<diagnosis::explanation> conclude(int status, diagnosis::evidence& seen, std::string_view event);
  // Concludes, and gives the answer.
  diagnosis::annotated note_refusal(int status, diagnosis::evidence seen, std::string_view event);
  // The connection goes on after it.
  static async::task<void> say(transport::downstream& one, diagnosis::annotated answer);
  async::task<void> refuse_unreadable(error problem, const std::string& registry);
  async::task<void> established(server& front);
  async::task<void> linger();
  diagnosis::evidence about(const http::request_head& head, const target* to) const;

  worker_context around_;
  std::unique_ptr<net::stream> client_;
  std::string peer_;
  std::string mode_;
  async::deadline timer_;
  struct expected_tls {
    expected_tls(tls::context with, target where) : context(std::move(with)), to(std::move(where)) {}
    tls::context context;
    target to;
  };
  std::unique_ptr<expected_tls> expected_;  // connections wait for it with nothing else, before their client speaks
  // Where TLS of ours with the client is for, once it stands. Connections wait in it for hours: what it took to get
  // there returns first, so that its frames do not wait, too.
  std::unique_ptr<const target> inside_;
  std::unique_ptr<async::task_group> aside_;  // what goes on beside the client's connection
  bool http2_ = false;                        // was chosen in the TLS handshake
  client_traits traits_;
  std::string agent_;  // User-Agent of the CONNECT, where the registry is only observed
};

}  // namespace regpass::forward
