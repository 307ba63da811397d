// What the client asks for: a workload is so many jobs, each of one request or of several in a row.
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
  Clock::time_point since;  // when it was to begin
  std::uint64_t number = 0;
  int requests = 0;  // of it that were answered
};

/// download and upload move blobs of `--size`; manifests asks for one manifest; scopes asks for a manifest of a
/// repository that was not asked for before and, when refused, gets itself a token as a registry's client does.
class Work {
 public:
  explicit Work(const Options& options);

  [[nodiscard]] Request ping() const;
  [[nodiscard]] std::optional<Request> begin(Job& job);  // nothing when all jobs have begun
  [[nodiscard]] std::optional<Request> go_on(const Job& job, const Answer& answer) const;

  /// Bytes of bodies that the answer to a job's request accounts for.
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
  std::uint64_t repositories_;  // how many there are, asked for in turn
  std::uint64_t begun_ = 0;
  std::uint64_t left_;
};

/// What came of it.
struct Result {
  std::uint64_t bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t origin_before = 0;
  std::uint64_t origin_requests = 0;  // the origin's own count, as of the newest answer
  std::uint64_t resumed = 0;          // TLS sessions
  std::vector<double> latencies;      // microseconds, one per job
  std::string cipher;

  void note(const Answer& answer);
  void print(double seconds);
};

}  // namespace bench
