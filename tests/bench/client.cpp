#include "ends.hpp"
#include "wire.hpp"

#include <fmt/core.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

/// A socket to the target, through the proxy's CONNECT when there is one.
Descriptor reach(const Endpoint& target, const std::optional<Endpoint>& proxy) {
  if (!proxy) return connect_to(target);
  Descriptor socket = connect_to(*proxy);
  const std::string request = "CONNECT " + target.text() + " HTTP/1.1\r\nHost: " + target.text() + "\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
    fail_system("CONNECT");
  // The other side of the tunnel does not speak first, so nothing beyond the answer's head can be read here.
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    std::array<char, 1024> scratch;
    const ssize_t got = ::recv(socket.get(), scratch.data(), scratch.size(), 0);
    if (got <= 0 || answer.size() > turn) fail("CONNECT: the proxy closed the connection: " + answer);
    answer.append(scratch.data(), static_cast<std::size_t>(got));
  }
  if (!answer.starts_with("HTTP/1.1 200")) fail("CONNECT: " + answer.substr(0, answer.find('\r')));
  return socket;
}

enum class Workload { download, upload, manifests };

Workload workload_named(const std::string& name) {
  if (name == "download") return Workload::download;
  if (name == "upload") return Workload::upload;
  if (name == "manifests") return Workload::manifests;
  fail("--workload is download, upload or manifests, not " + name);
}

struct Plan {
  explicit Plan(const Options& options)
      : workload(workload_named(options.text("workload"))),
        target(options.text("target")),
        size(options.number("size", 0)),
        left(options.number("requests", 1)) {
    common = " HTTP/1.1\r\nHost: " + target.text() + "\r\n";
    if (const std::string value = options.text("authorization", ""); !value.empty())
      common += "Authorization: " + value + "\r\n";
  }

  [[nodiscard]] Message request(const std::string& method, const std::string& path, std::uint64_t body = 0) const {
    std::string head = method + " " + path + common;
    if (method != "GET") head += "Content-Length: " + std::to_string(body) + "\r\n";
    return {head + "\r\n", body};
  }

  Workload workload;
  Endpoint target;
  std::uint64_t size;
  std::uint64_t left;  // blobs or manifests still to be asked for, over all connections
  std::string common;
};

struct Result {
  std::uint64_t bytes = 0;
  std::uint64_t origin_requests = 0;  // the origin's own count, as of the newest answer
  std::vector<double> latencies;      // microseconds, one per request
};

/// One client connection, one request at a time.
class Session {
 public:
  Session(SSL_CTX* context, const Plan& plan, const std::optional<Endpoint>& proxy)
      : wire_(context, reach(plan.target, proxy)) {
    SSL_set_connect_state(wire_.tls());
    if (SSL_set_tlsext_host_name(wire_.tls(), plan.target.host.c_str()) != 1 ||
        SSL_set1_host(wire_.tls(), plan.target.host.c_str()) != 1)
      fail_tls("server name");
  }

  /// The handshakes and the `GET /v2/` that clients begin with, before any time is taken.
  void warm_up(const Plan& plan, Result& result) {
    wire_.queue(plan.request("GET", "/v2/"));
    while (!wire_.send() || !wire_.receive()) {
      pollfd wanted{wire_.socket(), POLLIN, 0};
      ::poll(&wanted, 1, -1);
    }
    note(wire_.take().head, result);
  }

  /// Queues the next request; false when the plan has none left.
  bool next(Plan& plan) {
    const std::string base(repository);
    if (!location_.empty()) {
      const std::string path = std::exchange(location_, {}) + "?digest=" + digest_of_size(plan.size);
      wire_.queue(plan.request("PUT", path, plan.size));
    } else if (plan.left == 0) {
      return false;
    } else {
      --plan.left;
      switch (plan.workload) {
        case Workload::download:
          wire_.queue(plan.request("GET", base + "blobs/" + digest_of_size(plan.size)));
          break;
        case Workload::upload:
          wire_.queue(plan.request("POST", base + "blobs/uploads/"));
          break;
        case Workload::manifests:
          wire_.queue(plan.request("GET", base + "manifests/latest"));
          break;
      }
    }
    started_ = Clock::now();
    return true;
  }

  /// Goes on until the socket would block; true when the plan is done for this connection.
  bool advance(Plan& plan, Result& result) {
    while (wire_.send() && wire_.receive()) {
      const std::chrono::duration<double, std::micro> took = Clock::now() - started_;
      result.latencies.push_back(took.count());
      const Message answer = wire_.take();
      note(answer.head, result);
      if (plan.workload != Workload::upload)
        result.bytes += answer.body;
      else if (answer.head.find(" 201 ") < answer.head.find('\r'))
        result.bytes += plan.size;
      else
        location_ = header(answer.head, "Location").value_or("");
      if (!next(plan)) return true;
    }
    return false;
  }

  [[nodiscard]] const Wire& wire() const { return wire_; }

 private:
  static void note(const std::string& head, Result& result) {
    if (!head.starts_with("HTTP/1.1 2")) fail("unexpected answer: " + head);
    const std::uint64_t seen = number_in(header(head, count_header).value_or("0"));
    result.origin_requests = std::max(result.origin_requests, seen);
  }

  Wire wire_;
  std::string location_;  // where the upload that has been opened goes
  Clock::time_point started_;
};

double percentile(std::vector<double>& values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

}  // namespace

void client(const Options& options) {
  const Context context = make_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context.get(), options.text("ca").c_str(), nullptr) != 1) fail_tls("--ca");
  Plan plan(options);
  std::optional<Endpoint> proxy;
  if (const std::string text = options.text("proxy", ""); !text.empty()) proxy.emplace(text);
  Result result;
  result.latencies.reserve(plan.left * 2);

  std::vector<std::unique_ptr<Session>> sessions;
  for (std::uint64_t i = options.number("connections", 1); i > 0; --i) {
    sessions.push_back(std::make_unique<Session>(context.get(), plan, proxy));
    sessions.back()->warm_up(plan, result);
  }
  const std::uint64_t origin_requests_before = result.origin_requests;

  Poller poller;
  const auto start = Clock::now();
  std::size_t active = 0;
  for (const auto& session : sessions) {
    if (!session->next(plan)) break;
    ++active;
    poller.add(session->wire().socket(), both_edges, session.get());  // writable: its first event comes at once
  }
  while (active > 0)
    poller.wait([&](void* ready) {
      if (static_cast<Session*>(ready)->advance(plan, result)) --active;
    });
  const std::chrono::duration<double> took = Clock::now() - start;

  const std::uint64_t requests = result.latencies.size();
  if (requests == 0) fail("no requests, no connections");
  const std::uint64_t at_origin = result.origin_requests - origin_requests_before;
  fmt::print(
      R"({{"bytes":{},"seconds":{:.6f},"requests":{},"extra_origin_requests":{},"p50_us":{:.1f},"p99_us":{:.1f},)"
      R"("cipher":"{}"}})"
      "\n",
      result.bytes, took.count(), requests, static_cast<std::int64_t>(at_origin - requests),
      percentile(result.latencies, 0.5), percentile(result.latencies, 0.99),
      SSL_get_cipher_name(sessions.front()->wire().tls()));
}

}  // namespace bench
