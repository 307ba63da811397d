#include "daemon/report/ca_report.hpp"

#include "regpass/base/log.hpp"
#include "regpass/base/time.hpp"

#include <algorithm>
#include <string>

namespace regpass::daemon {

namespace {

// Docker Hub's API has names that belong to no single registry. In doubt a name counts as served.
bool is_only_observed(const forward::snapshot& served, const std::string& name) {
  const auto has_name = [&](const auto& entry) { return entry.first.name == name; };
  const auto observes = [&](const auto& entry) {
    return !has_name(entry) || entry.second.options.injection == auth::injection::observe;
  };
  return std::ranges::any_of(served.registries, has_name) && std::ranges::all_of(served.registries, observes);
}

}  // namespace

void log_ca(const tls::authority& ca, const config::tls_settings& from) {
  log::write(log::level::info, "ca", ca.created() ? "a CA was made" : "the CA found is used",
             {{"fingerprint", ca.fingerprint()},
              {"ca_dir", from.ca_dir.string()},
              {"publish_dir", from.publish_dir.string()},
              {"not_after", rfc3339(ca.not_after())}});
  for (const auto& remark : ca.remarks()) {
    log::write(log::level::warn, "ca", remark, {{"ca_dir", from.ca_dir.string()}});
  }
}

void warn_outside_constraints(const tls::authority& ca, const std::filesystem::path& ca_dir,
                              const forward::snapshot& served) {
  for (const auto& name : forward::intercepted_names(served)) {
    if (ca.covers(name)) continue;
    const std::string consequence = is_only_observed(served, name) ? " is to be observed, and is tunnelled unobserved: "
                                                                   : " is served, but cannot be intercepted: ";
    log::write(log::level::warn, "ca",
               name + consequence + "the CA in " + ca_dir.string() +
                   " was made without it and cannot sign for it. Remove that directory, then restart regpass and its "
                   "clients",
               {{"registry", name}, {"ca_dir", ca_dir.string()}});
  }
}

}  // namespace regpass::daemon
