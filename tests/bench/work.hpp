// The client's workloads: a number of jobs, each of which is one request or several in a row.
#pragma once

#include "message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

struct Job {
  Clock::time_point since;  // its scheduled start
  std::uint64_t number = 0;
  int requests = 0;  // number of its requests that were answered
};

/// download and upload transfer blobs of `--size`; manifests requests one manifest; scopes requests a manifest from a
/// new repository every time and, when refused, obtains a token like a registry client.
class Work {
 public:
  explicit Work(const Options& options);

  [[nodiscard]] Request ping() const;
  [[nodiscard]] std::optional<Request> begin(Job& job);  // nullopt when all jobs have started
  [[nodiscard]] std::optional<Request> go_on(const Job& job, const Answer& answer) const;

  /// The number of body bytes that the response to a job's request stands for.
  [[nodiscard]] std::uint64_t moved(const Answer& answer, std::uint64_t body) const;
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  enum class Kind { download, upload, manifests, scopes };
  static Kind kind_named(const std::string& name);
  [[nodiscard]] Request request(const std::string& method, const std::string& path, std::uint64_t body = 0) const;
  [[nodiscard]] std::optional<Request> exchange(const Job& job, const Answer& answer) const;

  Kind kind_;
  std::string authority_;
  std::string authorization_;
  std::uint64_t size_;
  std::uint64_t first_;         // number of the first repository
  std::uint64_t repositories_;  // their number; they are used in turn
  std::uint64_t begun_ = 0;
  std::uint64_t left_;
};

/// The results.
struct Result {
  std::uint64_t bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t origin_before = 0;
  std::uint64_t origin_requests = 0;  // the origin's own count, from the latest response
  std::uint64_t resumed = 0;          // TLS sessions
  std::vector<double> latencies;      // microseconds, one per job
  std::string cipher;

  void note(const Answer& answer);
  void print(double seconds);
};

}  // namespace bench
