#include "regpass/net/upstream_proxy.hpp"

#include "net/prefixed_stream.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/http/h1_codec.hpp"
#include "regpass/net/endpoint.hpp"
#include "regpass/net/tcp_stream.hpp"
#include "regpass/net/tls_stream.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::net {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t max_interims = 8;
constexpr std::size_t max_answer_bytes = 16 * 1024;
constexpr int needs_login = 407;
constexpr auto login_poll_every = milliseconds{20};

// Names that resolve to a metadata service in every cloud network.
constexpr std::array<std::string_view, 6> metadata_names{
    "metadata",      "metadata.google.internal",   "metadata.goog",
    "instance-data", "instance-data.ec2.internal", "metadata.tencentyun.com",
};

error denied(std::string detail) {
  return error{.code = errc::denied,
               .who = party::us,
               .when = phase::resolve,
               .detail = std::move(detail),
               .os = 0,
               .answer_started = false};
}

result<void> judge_unresolved(const dial_target& target) {
  if (!target.allowed) return std::unexpected(denied("no address filter is set"));
  for (const auto* host : {&target.host, &target.address}) {
    boost::system::error_code is_name;
    const auto address = boost::asio::ip::make_address(*host, is_name);
    auto verdict = is_name ? result<void>() : target.allowed(address);
    if (verdict) continue;
    verdict.error().when = phase::resolve;
    return verdict;
  }
  if (target.host.ends_with(".localhost")) return std::unexpected(denied(target.host + " is a loopback name"));
  if (std::ranges::find(metadata_names, target.host) == metadata_names.end()) return {};
  return std::unexpected(denied(target.host + " is a metadata service"));
}

std::string authority_of(const dial_target& target) {
  const bool v6 = target.host.find(':') != std::string::npos;
  return (v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
}

error proxy_error(const http::proxy_server& proxy, error problem) {
  secret_mask mask;
  http::add_to(mask, proxy);
  problem.who = party::proxy;
  problem.detail = mask_recognisable(mask.apply(problem.detail));
  problem.detail = "the proxy " + shown(proxy) + (problem.detail.empty() ? "" : ": ") + problem.detail;
  return problem;
}

// TLS to the proxy itself.
async::task<result<std::unique_ptr<stream>>> secure(std::unique_ptr<stream> below, upstream_proxy_ptr by,
                                                    milliseconds within) {
  tls::engine_options options;
  options.role = tls::role::client;
  options.name = by->proxy->at.host;
  options.peer = party::proxy;
  options.session_key = shown(*by->proxy);
  auto secured = std::make_unique<tls_stream>(std::move(below), *by->context, std::move(options));
  async::deadline timer(secured->get_executor(), [raw = secured.get()] { raw->close(); });
  timer.set(phase::tls, within);
  auto done = co_await secured->handshake();
  if (!done) {
    auto problem = timer.blame(done.error());
    problem.when = phase::tls;
    co_return std::unexpected(std::move(problem));
  }
  co_return std::unique_ptr<stream>(std::move(secured));
}

// The head of the answer, and the bytes that followed it.
struct answer {
  http::response_head head;
  std::string following;
};

async::task<result<answer>> read_answer(stream& from) {
  std::string input;
  http::h1_decoder<http::response_head> decoder({.head_bytes = max_answer_bytes}, "CONNECT");
  std::array<char, 4096> buffer{};
  for (std::size_t interims = 0;;) {
    auto step = decoder.next(input);
    if (!step) co_return std::unexpected(step.error());
    input.erase(0, step->consumed);
    if (step->what == http::h1_event::kind::head) {
      if (!is_interim(decoder.head())) co_return answer{decoder.take_head(), std::move(input)};
      if (++interims > max_interims) co_return fail(errc::bad_message, "too many interim answers");
      decoder = http::h1_decoder<http::response_head>({.head_bytes = max_answer_bytes}, "CONNECT");
      continue;
    }
    auto count = co_await from.read_some(buffer);
    if (!count) co_return std::unexpected(count.error());
    if (*count == 0) co_return fail(errc::closed, "closed the connection instead of answering CONNECT");
    input.append(buffer.data(), *count);
  }
}

// One attempt to log in to the upstream proxy. Reports its outcome to the guard, even if it is cancelled.
class login_attempt {
 public:
  explicit login_attempt(upstream_proxy_ptr by) : by_(std::move(by)) {}
  ~login_attempt() {
    if (!reported_) by_->login->unknown();
  }
  login_attempt(const login_attempt&) = delete;
  login_attempt& operator=(const login_attempt&) = delete;

  void answered(int status, const error& problem) {
    reported_ = true;
    if (status == needs_login) {
      by_->login->refused(problem, now().steady);
    } else {
      by_->login->accepted();
    }
  }

 private:
  upstream_proxy_ptr by_;
  bool reported_ = false;
};

// Waits until the guard allows an attempt. Null if the proxy needs no login.
async::task<result<std::unique_ptr<login_attempt>>> begin_login(upstream_proxy_ptr by, clock::time_point until) {
  if (by->proxy->login.empty()) co_return std::unique_ptr<login_attempt>();
  const auto on = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer pause(on);
  for (;;) {
    error refusal;
    const auto decision = by->login->enter(now().steady, refusal);
    if (decision == login_guard::decision::proceed) co_return std::make_unique<login_attempt>(std::move(by));
    if (decision == login_guard::decision::give_up) co_return std::unexpected(std::move(refusal));
    if (clock::now() >= until)
      co_return fail(errc::timed_out, "timed out waiting for another request that tries the login");
    pause.expires_after(login_poll_every);
    co_await pause.async_wait(async::use_task);
  }
}

async::task<result<std::unique_ptr<stream>>> open_tunnel(std::unique_ptr<stream> wire, upstream_proxy_ptr by,
                                                         std::string authority, milliseconds within,
                                                         login_attempt* attempt) {
  async::deadline timer(wire->get_executor(), [open = wire.get()] { open->close(); });
  timer.set(phase::connect, within);
  const auto request = http::connect_request(*by->proxy, authority);
  auto sent = co_await write_one(*wire, request.expose());
  if (!sent) co_return std::unexpected(proxy_error(*by->proxy, timer.blame(sent.error())));
  auto reply = co_await read_answer(*wire);
  if (!reply) {
    auto problem = timer.blame(reply.error());
    if (problem.code == errc::timed_out) problem.detail = "no answer to CONNECT " + authority;
    problem.when = phase::connect;
    co_return std::unexpected(proxy_error(*by->proxy, std::move(problem)));
  }
  auto judged = http::judge_connect(*by->proxy, authority, reply->head);
  if (attempt != nullptr) attempt->answered(reply->head.status, judged ? error() : judged.error());
  if (!judged) co_return std::unexpected(judged.error());
  co_return make_prefixed_stream(std::move(reply->following), std::move(wire));
}

dial_target target_of(const http::proxy_server& proxy, milliseconds within) {
  dial_target target;
  target.host = proxy.at.host;
  target.port = proxy.at.port;
  target.allowed = [](const boost::asio::ip::address&) -> result<void> { return {}; };  // configured by the operator
  target.blame = party::proxy;
  target.within = within;
  return target;
}

bool bypasses(const http::no_proxy& except, const dial_target& target) {
  return except.covers(target.host, target.port) ||
         (!target.address.empty() && except.covers(target.address, target.port));
}

std::string own_end_of(const tcp_socket& socket) {
  boost::system::error_code ignored;
  return shown(socket.local_endpoint(ignored));
}

async::task<result<connected_stream>> connect_direct(dial_target target) {
  const auto peer = target.blame;
  auto dialled = co_await dial(std::move(target));
  if (!dialled) co_return std::unexpected(dialled.error());
  auto own_end = own_end_of(dialled->socket);
  co_return connected_stream{make_tcp_stream(std::move(dialled->socket), peer), std::move(dialled->address),
                             std::move(own_end), dialled->resolved_in, dialled->connected_in};
}

async::task<result<connected_stream>> connect_by_proxy(upstream_proxy_ptr by, dial_target target) {
  const auto began = clock::now();
  const auto left = [&] { return duration_cast<milliseconds>(began + target.within - clock::now()); };
  auto attempt = co_await begin_login(by, began + target.within);
  if (!attempt && attempt.error().who == party::proxy) co_return std::unexpected(attempt.error());
  if (!attempt) co_return std::unexpected(proxy_error(*by->proxy, attempt.error()));
  auto to_proxy = target_of(*by->proxy, target.within);
  auto dialled = co_await dial(std::move(to_proxy));
  if (!dialled) co_return std::unexpected(proxy_error(*by->proxy, dialled.error()));
  auto own_end = own_end_of(dialled->socket);
  // Inside the tunnel, errors blame the target: from then on the proxy is just part of the connection.
  auto wire = make_tcp_stream(std::move(dialled->socket), target.blame);
  if (by->proxy->at.scheme == "https") {
    auto secured = co_await secure(std::move(wire), by, left());
    if (!secured) co_return std::unexpected(proxy_error(*by->proxy, secured.error()));
    wire = std::move(*secured);
  }
  auto tunnel = co_await open_tunnel(std::move(wire), by, authority_of(target), left(), attempt->get());
  if (!tunnel) co_return std::unexpected(tunnel.error());
  co_return connected_stream{std::move(*tunnel), "proxy " + shown(*by->proxy), std::move(own_end), dialled->resolved_in,
                             duration_cast<milliseconds>(clock::now() - began) - dialled->resolved_in};
}

}  // namespace

async::task<result<connected_stream>> connect_through(upstream_proxy_ptr by, dial_target target) {
  if (!by || !by->proxy || bypasses(by->except, target)) {
    auto direct = co_await connect_direct(std::move(target));
    co_return direct;
  }
  auto judged = judge_unresolved(target);
  if (!judged) co_return std::unexpected(judged.error());
  auto tunnelled = co_await connect_by_proxy(std::move(by), std::move(target));
  co_return tunnelled;
}

}  // namespace regpass::net
