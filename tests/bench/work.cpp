#include "work.hpp"

#include "h1.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>

namespace bench {

Work::Kind Work::kind_named(const std::string& name) {
  if (name == "download") return Kind::download;
  if (name == "upload") return Kind::upload;
  if (name == "manifests") return Kind::manifests;
  if (name == "scopes") return Kind::scopes;
  fail("--workload is download, upload, manifests or scopes, not " + name);
}

Work::Work(const Options& options)
    : kind_(kind_named(options.text("workload"))),
      authority_(options.text("authority", options.text("target"))),
      authorization_(options.text("authorization", "")),
      size_(options.number("size", 0)),
      first_(options.number("first", 0)),
      repositories_(options.number("repositories", UINT64_MAX)),
      left_(options.number("requests", 1)) {}

Request Work::request(const std::string& method, const std::string& path, std::uint64_t body) const {
  // With scopes, the credential is sent only to the token server.
  return {method, path, authority_, kind_ == Kind::scopes ? "" : authorization_, body};
}

Request Work::ping() const {
  return request("GET", "/v2/");
}

std::optional<Request> Work::begin(Job& job) {
  if (left_ == 0) return {};
  --left_;
  job.number = first_ + begun_++ % repositories_;
  job.requests = 0;
  const std::string base(repository);
  switch (kind_) {
    case Kind::download:
      return request("GET", base + "blobs/" + digest_of_size(size_));
    case Kind::upload:
      return request("POST", base + "blobs/uploads/");
    case Kind::manifests:
      return request("GET", base + "manifests/latest");
    case Kind::scopes:
      break;
  }
  return request("GET", fmt::format("/v2/bench/r{}/manifests/latest", job.number));
}

std::optional<Request> Work::go_on(const Job& job, const Answer& answer) const {
  if (kind_ == Kind::scopes) return exchange(job, answer);
  if (answer.status >= 300) fail(fmt::format("unexpected status {}", answer.status));
  if (kind_ != Kind::upload || answer.status == 201) return {};
  return request("PUT", field(answer.fields, "location") + "?digest=" + digest_of_size(size_), size_);
}

std::optional<Request> Work::exchange(const Job& job, const Answer& answer) const {
  if (answer.status == 200 && job.requests != 2) return {};
  Request next = request("GET", fmt::format("/v2/bench/r{}/manifests/latest", job.number));
  if (answer.status == 200) {
    next.authorization = "Bearer " + std::string(1100, 't');
  } else if (answer.status == 401 && job.requests == 1 && !authorization_.empty()) {
    next.path = fmt::format("/token?service=bench&scope=repository%3Abench%2Fr{}%3Apull", job.number);
    next.authorization = authorization_;
  } else {
    fail(fmt::format("unexpected status {}", answer.status));
  }
  return next;
}

std::uint64_t Work::moved(const Answer& answer, std::uint64_t body) const {
  if (kind_ != Kind::upload) return body;
  return answer.status == 201 ? size_ : 0;
}

void Result::note(const Answer& answer) {
  ++requests;
  const std::string seen = field(answer.fields, count_field);
  if (!seen.empty()) origin_requests = std::max(origin_requests, number_in(seen));
}

void Result::print(double seconds) {
  if (latencies.empty()) fail("no requests, no connections");
  const auto percentile = [&](double share) {
    const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(latencies.size() - 1));
    std::nth_element(latencies.begin(), latencies.begin() + at, latencies.end());
    return latencies[static_cast<std::size_t>(at)];
  };
  const auto extra = static_cast<std::int64_t>(origin_requests - origin_before - requests);
  fmt::print(
      R"({{"bytes":{},"seconds":{:.6f},"requests":{},"extra_origin_requests":{},"p50_us":{:.1f},"p99_us":{:.1f},)"
      R"("resumed":{},"cipher":"{}"}})"
      "\n",
      bytes, seconds, latencies.size(), extra, percentile(0.5), percentile(0.99), resumed, cipher);
}

}  // namespace bench
