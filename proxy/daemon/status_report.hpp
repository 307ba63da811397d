// The status of the sidecar: readiness, status page, and the gauges among the metrics.
#pragma once

#include "admin/health.hpp"
#include "daemon/credential_loader.hpp"
#include "forward/services/services.hpp"
#include "regpass/base/time.hpp"
#include "regpass/tls/ca.hpp"

#include <boost/json/object.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace regpass::daemon {

class self_report {
 public:
  // All arguments outlive the report; `alive` checks that the `workers` respond.
  self_report(const forward::services& of, const tls::authority& ca, std::vector<async::executor> workers,
              std::string config_file);

  void observe(forward::metrics& into) const;
  // The problem of the last reload; empty if it succeeded.
  void reloaded(std::string problem);
  // Files whose content is not in force, each with the reason: "/run/secrets/config.json:1:2: no JSON: …".
  // `read` are those whose content is in force, if necessary the last valid one.
  void rejected(std::vector<rejection> files, std::vector<std::filesystem::path> read);
  void draining() noexcept { draining_ = true; }
  // "proxy 127.0.0.1:3128"
  void listening(std::string what) { listeners_.push_back(std::move(what)); }

  admin::readiness ready() const;
  std::string summary() const;  // the same in one line
  boost::json::object status() const;
  async::task<bool> alive() const;

 private:
  std::string last_problem() const;
  std::vector<rejection> rejected_files() const;
  std::vector<forward::metrics::sample> rejections() const;

  const forward::services& of_;
  const tls::authority& ca_;
  std::vector<async::executor> workers_;
  std::string config_file_;
  instant began_ = now();
  std::vector<std::string> listeners_;
  std::atomic<bool> draining_{false};
  mutable std::mutex lock_;
  std::string problem_;
  std::vector<rejection> rejected_;
  std::vector<std::filesystem::path> read_;
};

}  // namespace regpass::daemon
