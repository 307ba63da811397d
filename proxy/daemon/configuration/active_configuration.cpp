#include "daemon/configuration/active_configuration.hpp"

#include "daemon/configuration/reload_guard.hpp"
#include "daemon/configuration/snapshot.hpp"
#include "daemon/prepared_metrics.hpp"
#include "daemon/report/build_step_warnings.hpp"
#include "daemon/report/ca_report.hpp"
#include "regpass/base/log.hpp"
#include "regpass/net/endpoint.hpp"

#include <algorithm>
#include <utility>

namespace regpass::daemon {

active_configuration::active_configuration(config::loaded started_with, config::inputs inputs, const tls::authority& ca,
                                           forward::metrics& metrics)
    : ca_(ca),
      metrics_(metrics),
      inputs_(std::move(inputs)),
      config_file_(started_with.file),
      ca_dir_(started_with.settings.tls.ca_dir),
      in_force_(std::move(started_with)),
      secrets_(in_force_.settings, inputs_.environment) {}

forward::snapshot_ptr active_configuration::snapshot() const {
  const std::lock_guard held(lock_);
  return snapshot_;
}

// The check of the configuration knows the listeners that it names, not those that are open.
result<void> active_configuration::check_exposure(const config::settings& settings) const {
  if (!settings.client_auth.secret_file.empty() || !exposed_) return {};
  return fail(errc::bad_input, "client_auth.secret_file cannot be removed while regpass listens on " +
                                   net::shown(*exposed_) + ": restart regpass");
}

void active_configuration::protect(const std::vector<listen_point>& open) {
  const auto is_exposed = [](const listen_point& point) { return !point.at.address().is_loopback(); };
  const auto exposed = std::ranges::find_if(open, is_exposed);
  if (exposed != open.end()) exposed_ = exposed->at;
}

result<void> active_configuration::adopt(const config::settings& settings) {
  const auto before = snapshot();
  if (auto allowed = check_exposure(settings); !allowed) return allowed;
  auto secrets = secrets_.load(settings);
  if (!secrets) return std::unexpected(secrets.error());
  auto next = make_snapshot(settings, secrets->found, ca_.certificate_pem(), std::move(secrets->client_password));
  if (!next) return std::unexpected(next.error());
  warn_outside_constraints(ca_, ca_dir_, **next);
  prepare_metrics(metrics_, settings, **next);
  warn_of_steps(**next);
  {
    const std::lock_guard held(lock_);
    snapshot_ = *next;
  }
  if (!before || !drop_tokens_) return {};
  for (const auto generation : auth::retired(before->credentials, (*next)->credentials)) drop_tokens_(generation);
  return {};
}

// Logs everything that is wrong, and returns the first.
std::string active_configuration::problem_of(const config::loaded& fresh) const {
  for (const auto& warning : fresh.warnings)
    log::write(log::level::warn, "config-deprecated", warning.what, {{"fix", warning.fix}});
  for (const auto& problem : fresh.problems)
    log::write(log::level::error, "config-rejected", problem.what, {{"fix", problem.fix}});
  if (!fresh.problems.empty()) return fresh.problems.front().what;
  const auto lost = lost_fence(in_force_, fresh);
  if (!lost) return {};
  log::write(log::level::error, "config-rejected", lost->what, {{"fix", lost->fix}});
  return lost->what;
}

// Credential files are read again even if the configuration is rejected: a rotation must not wait for its repair.
std::string active_configuration::reload() {
  auto fresh = config::load(inputs_);
  auto problem = problem_of(fresh);
  const auto adopted = adopt(problem.empty() ? fresh.settings : in_force_.settings);
  if (!adopted && problem.empty()) {
    problem = adopted.error().detail;
    log::write(log::level::error, "config-rejected", problem);
  }
  const auto rejected = secrets_.rejected().size();
  if (problem.empty()) {
    const auto but = rejected == 0 ? "" : "; rejected: " + std::to_string(rejected) + " credential files";
    log::write(log::level::info, "config-reloaded", "configuration and credentials were read again" + but);
    in_force_ = std::move(fresh);
  }
  metrics_.reloaded(problem.empty() && rejected == 0);
  return problem;
}

std::vector<std::filesystem::path> active_configuration::watched_files() const {
  const auto& settings = in_force_.settings;
  auto paths = secrets_.places();
  if (!config_file_.empty()) paths.push_back(config_file_);
  for (const auto& path : {settings.client_auth.secret_file, settings.tls.certs_dir}) {
    if (!path.empty()) paths.push_back(path);
  }
  for (const auto& registry : settings.registries) {
    const auto& trust = registry.trust;
    for (const auto& file : {trust.ca_file, trust.client_cert_file, trust.client_key_file}) {
      if (!file.empty()) paths.push_back(file);
    }
  }
  return paths;
}

}  // namespace regpass::daemon
