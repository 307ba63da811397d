// An upstream proxy for tests: CONNECT with or without Basic authentication, its own mapping of names to ports, and a
// record of the requests.
#pragma once

#include "http_wire.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace regpass::testing {

class fake_proxy {
 public:
  enum class scheme { http, https };
  explicit fake_proxy(scheme how = scheme::http);
  ~fake_proxy();
  fake_proxy(const fake_proxy&) = delete;
  fake_proxy& operator=(const fake_proxy&) = delete;

  // Makes CONNECT require this login ("alice:pw").
  void requirement(std::string login);
  // Maps `authority` to this port of 127.0.0.1; requests for unknown authorities get 502.
  void knows(std::string authority, std::uint16_t port);
  // Sends these bytes instead of its own responses, or nothing if empty.
  void says(std::string bytes);

  std::uint16_t port() const { return port_; }
  // "http://LOGIN@127.0.0.1:PORT"
  std::string url(const std::string& login = "") const;
  std::vector<message> requests() const;
  // The requested targets, in order.
  std::vector<std::string> asked_for() const;
  std::size_t connections() const { return accepted_; }

 private:
  void accept();
  void serve(int descriptor);
  void converse(wire& client);
  std::optional<std::uint16_t> judge(wire& client, const message& asked);
  void splice(wire& client, wire& server) const;

  scheme how_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> accepted_{0};
  mutable std::mutex lock_;
  std::string login_;
  std::optional<std::string> says_;
  std::map<std::string, std::uint16_t> known_;
  std::vector<message> requests_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace regpass::testing
