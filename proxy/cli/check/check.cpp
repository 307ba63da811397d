#include "cli/check/check.hpp"

#include "cli/check/check_run.hpp"
#include "daemon/configuration/snapshot.hpp"

namespace regpass::cli {

result<void> mount_source(check_request& into, std::string_view text) {
  const auto host = registry::to_text(into.what.host) + "/";
  if (text.starts_with(host)) text.remove_prefix(host.size());
  auto parsed = registry::parse_reference(host + std::string(text));
  if (!parsed) return std::unexpected(parsed.error());
  into.mount_tag_written = text.find_first_of(":@") != std::string_view::npos;
  into.mount_from = std::move(*parsed);
  return {};
}

result<checkup> run_check(const config::loaded& loaded, const config::inputs& inputs, const check_request& asked) {
  auto settings = loaded.settings;
  daemon::credential_loader loader(daemon::sources_from(settings, inputs.environment),
                                   settings.process.credential_file);
  const auto found = loader.load();
  // An unknown host is still checked: a public image needs no credential.
  auto known = make_snapshot(settings, found, {});
  if (!known) return std::unexpected(known.error());
  if (!(*known)->find(asked.what.host)) {
    auto options = settings.registry_defaults;
    options.host = asked.what.host;
    settings.registries.push_back(std::move(options));
    known = make_snapshot(settings, found, {});
    if (!known) return std::unexpected(known.error());
  }
  check_run now(settings, inputs, *known, asked);
  auto done = now.perform();
  check_step first{"configuration", loaded.file.empty() ? "no file; defaults" : loaded.file.string()};
  done.steps.insert(done.steps.begin(), std::move(first));
  return done;
}

}  // namespace regpass::cli
