#include "daemon/credential_report.hpp"

#include "regpass/base/log.hpp"
#include "regpass/diagnosis/warnings.hpp"
#include "regpass/forward/report.hpp"

namespace regpass::daemon {

void log_credentials(const credentials& found) {
  for (const auto& one : found.rejected) {
    log::write(log::level::error, "credentials-rejected",
               one.why + (one.kept_old ? "; its last good content stays in force" : "; nothing is known from it"),
               {{"source", one.file.string()}, {"kept_old", one.kept_old}});
  }
  boost::json::array entries;
  for (const auto& entry : found.store.entries) {
    boost::json::object shown{{"registry", auth::shown_host(entry)}, {"source", entry.source}, {"key", entry.key}};
    if (entry.credential) {
      shown["kind"] = auth::name_of(entry.credential->kind);
      shown["username"] = entry.credential->username;
    }
    if (entry.program) shown["program"] = auth::name_of(*entry.program);
    if (!entry.problem.empty()) shown["problem"] = entry.problem;
    entries.push_back(std::move(shown));
  }
  boost::json::array searched;
  for (const auto& text : found.searched) searched.emplace_back(text);
  log::write(log::level::info, "credentials-loaded", std::to_string(found.store.entries.size()) + " credential entries",
             {{"entries", std::move(entries)}, {"searched", std::move(searched)}});
}

void warn_of(const credentials& found, const config::settings& settings) {
  const bool written = !settings.credentials.docker_config.empty();
  forward::report_warnings(diagnosis::warnings(found.store, found.searched, written, now().wall));
}

}  // namespace regpass::daemon
