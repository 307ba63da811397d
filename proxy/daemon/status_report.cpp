#include "daemon/status_report.hpp"

#include "daemon/credential_counts.hpp"
#include "daemon/process_metrics.hpp"
#include "daemon/report/build_step_warnings.hpp"
#include "daemon/startup/build_info.hpp"
#include "regpass/base/log.hpp"
#include "regpass/registry/host.hpp"
#include "transport/connection_counts.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/array.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace regpass::daemon {

namespace {

using forward::metrics;
using samples = std::vector<metrics::sample>;

constexpr auto worker_answers_within = std::chrono::seconds{1};

double epoch_seconds(wall_time at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

samples connections(const forward::services& of) {
  const auto count = [](const auto& of_them) { return static_cast<double>(of_them.load()); };
  return {{{{"side", "client"}, {"state", "open"}}, count(of.load.sessions)},
          {{{"side", "client"}, {"state", "busy"}}, count(of.load.busy)},
          {{{"side", "upstream"}, {"state", "open"}}, count(transport::upstream_connections().open)},
          {{{"side", "upstream"}, {"state", "idle"}}, count(transport::upstream_connections().idle)}};
}

std::optional<std::int64_t> expiry_of(const auth::credential_entry& entry) {
  if (!entry.credential || entry.credential->kind == auth::credential_kind::basic) return std::nullopt;
  const auto claims = auth::read_claims(entry.credential->value.expose());
  return claims ? claims->expires_at : std::nullopt;
}

samples expiries(const forward::snapshot& from) {
  samples made;
  for (const auto& entry : from.credentials.entries) {
    const auto expires = expiry_of(entry);
    if (!expires) continue;
    made.push_back({{{"registry", auth::shown_host(entry)}, {"source", entry.source}, {"key", entry.key}},
                    static_cast<double>(*expires)});
  }
  return made;
}

boost::json::object shown(const auth::credential_entry& entry) {
  boost::json::object made{{"registry", auth::shown_host(entry)}, {"source", entry.source}, {"key", entry.key}};
  if (entry.credential) {
    made["kind"] = auth::name_of(entry.credential->kind);
    made["username"] = entry.credential->username;
  }
  if (const auto expires = expiry_of(entry)) made["expires_at"] = *expires;
  if (!entry.problem.empty()) made["problem"] = entry.problem;
  return made;
}

}  // namespace

self_report::self_report(const forward::services& of, const tls::authority& ca, std::vector<async::executor> workers,
                         std::string config_file)
    : of_(of), ca_(ca), workers_(std::move(workers)), config_file_(std::move(config_file)) {}

void self_report::observe(metrics& into) const {
  using enum metrics::kind;
  into.observe("regpass_connections",
               "Open connections. Busy: with an exchange or tunnel in progress. Idle: kept for the next exchange.",
               gauge, [this] { return connections(of_); });
  into.observe("regpass_credential_expiry_timestamp_seconds", "When a credential expires, if it says so.", gauge,
               [this] { return expiries(*of_.current()); });
  into.observe("regpass_credential_file_rejected", "1 if the content of a credential file was rejected.", gauge,
               [this] { return rejections(); });
  into.observe("regpass_ca_expiry_timestamp_seconds", "When the CA that clients trust expires.", gauge,
               [this] { return samples{{{}, epoch_seconds(ca_.not_after())}}; });
  into.observe("regpass_log_dropped_total", "Log lines that could not be written.", counter,
               [] { return samples{{{}, static_cast<double>(log::dropped())}}; });
  into.observe("regpass_build_info", "Version of the running program.", gauge, [] {
    return samples{{{{"version", std::string(build_version())},
                     {"commit", std::string(build_commit())},
                     {"compiler", std::string(build_compiler())}},
                    1}};
  });
  observe_process(into);
}

void self_report::reloaded(std::string problem) {
  const std::lock_guard held(lock_);
  problem_ = std::move(problem);
}

void self_report::rejected(std::vector<rejection> files, std::vector<std::filesystem::path> read) {
  const std::lock_guard held(lock_);
  rejected_ = std::move(files);
  read_ = std::move(read);
}

// Accepted files have a 0, so that the series exists before something goes wrong.
samples self_report::rejections() const {
  std::map<std::string, double> files;
  const std::lock_guard held(lock_);
  for (const auto& one : read_) files[one.string()] = 0;
  for (const auto& one : rejected_) files[one.file.string()] = 1;
  samples made;
  for (const auto& [file, is_rejected] : files) made.push_back({{{"source", file}}, is_rejected});
  return made;
}

std::vector<rejection> self_report::rejected_files() const {
  const std::lock_guard held(lock_);
  return rejected_;
}

std::string self_report::last_problem() const {
  const std::lock_guard held(lock_);
  return problem_;
}

admin::readiness self_report::ready() const {
  const auto from = of_.current();
  admin::readiness made;
  made.ready = !draining_;
  if (draining_) made.details.emplace_back("draining", std::to_string(of_.load.busy.load()) + " in progress");
  for (const auto& one : listeners_) made.details.emplace_back("listening", one);
  const auto counts = count_usable(from->credentials);
  made.details.emplace_back("credentials", text_of(counts));
  if (from->credentials_required && counts.credentials + counts.programs == 0) {
    made.ready = false;
    made.details.emplace_back("credentials.required", "no credential is usable");
  }
  for (const auto& one : rejected_files()) {
    made.details.emplace_back("rejected", one.why + (one.kept_old ? "; its last good content is in force" : ""));
  }
  for (const auto& remark : ca_.remarks()) made.details.emplace_back("ca", remark);
  if (auto remark = step_remark(*from); !remark.empty()) made.details.emplace_back("client_auth", std::move(remark));
  const auto problem = last_problem();
  made.details.emplace_back("configuration", problem.empty() ? "in force" : "the last reload was rejected: " + problem);
  return made;
}

std::string self_report::summary() const {
  std::string made;
  for (const auto& [about, text] : ready().details) {
    if (!made.empty()) made += "; ";
    made.append(about).append(": ").append(text);
  }
  return made;
}

boost::json::object self_report::status() const {
  const auto from = of_.current();
  boost::json::array listeners;
  boost::json::array credentials;
  boost::json::array registries;
  for (const auto& one : listeners_) listeners.emplace_back(one);
  for (const auto& entry : from->credentials.entries) credentials.push_back(shown(entry));
  for (const auto& [host, entry] : from->registries) registries.emplace_back(registry::to_text(host));
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(now().steady - began_.steady);
  return {{"version", build_version()},
          {"started_at", rfc3339(began_.wall)},
          {"uptime_s", up.count()},
          {"draining", draining_.load()},
          {"connections", of_.load.sessions.load()},
          {"busy", of_.load.busy.load()},
          {"config", config_file_},
          {"last_reload_problem", last_problem()},
          {"log_level", log::name_of(log::threshold())},
          {"listeners", std::move(listeners)},
          {"registries", std::move(registries)},
          {"credentials", std::move(credentials)}};
}

async::task<bool> self_report::alive() const {
  const auto on = co_await boost::asio::this_coro::executor;
  const auto answers = std::make_shared<std::atomic<std::size_t>>(0);
  const auto all = std::make_shared<boost::asio::steady_timer>(on, worker_answers_within);
  for (const auto& worker : workers_) {
    boost::asio::post(worker, [answers, all, on, wanted = workers_.size()] {
      if (++*answers == wanted) boost::asio::post(on, [all] { all->cancel(); });
    });
  }
  co_await all->async_wait(async::use_task);
  co_return *answers == workers_.size();
}

}  // namespace regpass::daemon
