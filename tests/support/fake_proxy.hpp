// A corporate proxy for tests: CONNECT with or without Basic, its own idea of what names mean, and a memory of what it
// was asked.
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

  // From here on CONNECT wants this login ("alice:pw").
  void requirement(std::string login);
  // `authority` is reached at this port of 127.0.0.1; what it does not know is answered 502.
  void knows(std::string authority, std::uint16_t port);
  // These bytes instead of any answer of its own; empty: silence.
  void says(std::string bytes);

  std::uint16_t port() const { return port_; }
  // "http://LOGIN@127.0.0.1:PORT"
  std::string url(const std::string& login = "") const;
  std::vector<message> requests() const;
  // The targets that were asked for, in order.
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
