// A registry, token server or any other HTTP server for tests: responds according to a script of rules and records
// every request.
//
//   registry.on("GET", "/v2/").answer(401).header("WWW-Authenticate", "Bearer …");
//   registry.on("GET", "/v2/a/blobs/*").times(1).cut();
//
// The first matching rule that is not used up determines the response. A request that matches no rule gets 418.
#pragma once

#include "http_wire.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace regpass::testing {

struct received : message {
  std::size_t connection = 0;  // index of its connection, from 1
  std::string authorization() const { return field("Authorization").value_or(""); }
};

struct reply {
  int status = 200;
  std::string reason{};
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string body{};
  std::optional<std::uint64_t> pattern_bytes{};  // the size of a body of pattern(), sent instead
  std::string interim{};                         // bytes sent before the response (1xx)
  std::string raw{};                             // bytes sent instead of a response
  bool chunked = false;
  bool early = false;                        // respond before the request's body is read
  bool invite = false;                       // send 100 to a request with Expect before reading its body
  bool silent = false;                       // send nothing and keep the connection open
  bool cut = false;                          // close the connection instead of responding
  bool reset = false;                        // …with RST
  bool close = false;                        // close after the response without announcing it
  bool stop_reading = false;                 // with `early`: close without reading the body
  std::optional<std::uint64_t> cut_after{};  // close the connection after this many bytes of the body
  std::chrono::milliseconds delay{0};        // before the response
  std::chrono::milliseconds pause{0};        // between pieces of the body
  // Only over HTTP/2, where `close` sends GOAWAY.
  std::vector<std::pair<std::string, std::string>> trailers{};
  std::optional<std::uint32_t> h2_reset{};  // RST_STREAM with this code instead of a response
  bool unfinished = false;                  // send the whole body but never END_STREAM
};

class sentence {
 public:
  using condition = std::function<bool(const received&)>;
  using maker = std::function<reply(const received&)>;

  sentence(std::string method, std::string target) : method_(std::move(method)), target_(std::move(target)) {}

  sentence& when(condition fits) { return condition_ = std::move(fits), *this; }
  sentence& times(std::size_t count) { return left_ = count, *this; }
  sentence& answer(int status, std::string reason = {}) {
    return to_.status = status, to_.reason = std::move(reason), *this;
  }
  sentence& header(std::string name, std::string value) {
    return to_.fields.emplace_back(std::move(name), std::move(value)), *this;
  }
  sentence& body(std::string text) { return to_.body = std::move(text), *this; }
  sentence& stream(std::uint64_t bytes) { return to_.pattern_bytes = bytes, *this; }
  sentence& interim(std::string bytes) { return to_.interim = std::move(bytes), *this; }
  sentence& raw(std::string bytes) { return to_.raw = std::move(bytes), *this; }
  sentence& chunked() { return to_.chunked = true, *this; }
  sentence& early() { return to_.early = true, *this; }
  sentence& invite() { return to_.invite = true, *this; }
  sentence& unfinished() { return to_.unfinished = true, *this; }
  sentence& early_and_close() { return to_.early = to_.stop_reading = true, *this; }
  sentence& silent() { return to_.silent = true, *this; }
  sentence& cut() { return to_.cut = true, *this; }
  sentence& reset() { return to_.reset = true, *this; }
  sentence& close() { return to_.close = true, *this; }
  sentence& cut_after(std::uint64_t bytes) { return to_.cut_after = bytes, *this; }
  sentence& delay(std::chrono::milliseconds by) { return to_.delay = by, *this; }
  sentence& pause(std::chrono::milliseconds by) { return to_.pause = by, *this; }
  sentence& trailer(std::string name, std::string value) {
    return to_.trailers.emplace_back(std::move(name), std::move(value)), *this;
  }
  sentence& h2_reset(std::uint32_t code) { return to_.h2_reset = code, *this; }
  sentence& make(maker how) { return maker_ = std::move(how), *this; }

 private:
  friend class fake_server;
  friend class h2_conversation;
  bool fits(const received& what) const;
  std::string method_;  // "*": any
  std::string target_;  // a path without query, the whole target, or a prefix followed by '*'
  condition condition_;
  std::optional<std::size_t> left_;
  reply to_;
  maker maker_;
};

class fake_server {
 public:
  enum class scheme { https, http };
  explicit fake_server(scheme how = scheme::https, const std::string& address = "127.0.0.1");
  ~fake_server();
  fake_server(const fake_server&) = delete;
  fake_server& operator=(const fake_server&) = delete;

  sentence& on(std::string method, std::string target);
  // Requests that matched no rule.
  void otherwise(sentence::maker how);
  // Requests whose Authorization `good` rejects get 401 with this challenge before any rule applies.
  void requirement(std::string challenge, std::function<bool(const std::string&)> good);

  // Sent on every connection at once, before it is closed: for servers that speak another protocol.
  void greet(std::string bytes);

  std::uint16_t port() const { return port_; }
  std::string authority() const;
  enum class versions {
    both,
    http2_alone,      // other offers abort the handshake with the alert of RFC 7301 section 3.2
    http2_or_nothing  // other offers are ignored, and the connection closes after the handshake, like nghttpd
  };
  // Selects HTTP/2 if it is offered; in the script, only the HTTP/2 fields of `reply` differ.
  void speak_h2(versions takes = versions::both);
  // Replaces the certificate that the proxy trusts.
  void present(const issued& certificate);
  // Only accepts clients with a certificate from this CA (PEM).
  void demand_certificate(std::string_view ca_pem);
  std::string url(std::string_view path = "") const;
  bool tls() const { return how_ == scheme::https; }

  // Received requests, in order; a request is added when its head has arrived and updated when its body has been read.
  std::vector<received> requests() const;
  // Requests with this method ("*": any) whose target has this prefix.
  std::vector<received> requests(std::string_view method, std::string_view target) const;
  std::size_t count(std::string_view method, std::string_view target) const { return requests(method, target).size(); }
  std::size_t connections() const { return accepted_; }
  // The connections that resumed an earlier TLS session.
  std::size_t resumptions() const { return resumed_; }
  // Body bytes that were sent.
  std::uint64_t sent() const { return sent_; }
  // While set, request bodies are not read, to test back-pressure.
  void hold_reading(bool on) { holding_ = on; }

 private:
  friend class h2_conversation;
  void converse_h2(wire& on, std::size_t number);
  ssl_context certificate() const;
  std::string greeting() const;
  void accept();
  void serve(int descriptor, std::size_t number);
  void converse(wire& on, std::size_t number);
  bool handle(wire& on, message_reader& reader, received& what);
  bool send(wire& on, const reply& how, const received& what);
  bool send_body(wire& on, const reply& how);
  void rest(std::chrono::milliseconds span) const;
  sentence choose(const received& what);
  std::size_t note(const received& what);
  void renew(std::size_t index, const received& what);

  scheme how_;
  std::string address_;
  std::uint16_t port_ = 0;
  int listening_ = -1;
  std::atomic<std::size_t> accepted_{0};
  std::atomic<std::size_t> resumed_{0};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> holding_{false};
  std::atomic<bool> only_h2_{false};
  mutable std::mutex lock_;
  std::deque<sentence> script_;
  sentence::maker otherwise_;
  ssl_context certificate_;
  std::string greeting_;
  std::string challenge_;
  std::function<bool(const std::string&)> good_;
  std::vector<received> requests_;
  std::map<std::size_t, wire*> open_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

// Waits at most `within` for the condition and returns its value.
bool holds_soon(const std::function<bool()>& condition, std::chrono::milliseconds within = std::chrono::seconds{5});

}  // namespace regpass::testing
