#include "cli/check/check.hpp"

#include "cli/commands/commands.hpp"
#include "diagnosis/present/render.hpp"
#include "regpass/base/text.hpp"
#include "regpass/forward/report.hpp"
#include "regpass/registry/reference.hpp"

#include <boost/json/serialize.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace regpass::cli {

namespace {

using place = std::vector<forward::exchange_record>::const_iterator;

// A wrong password fails the ping and whatever comes after it.
bool is_told_later(place one, place end) {
  return std::any_of(std::next(one), end, [&](const forward::exchange_record& later) {
    return later.explanation && later.explanation->summary == one->explanation->summary;
  });
}

// Who reads it is just doing what it advises.
diagnosis::explanation for_reader(diagnosis::explanation why) {
  std::erase_if(why.fix, [](const std::string& step) { return step.starts_with("Test it step by step"); });
  return why;
}

// The list of steps is the answer; of what failed the whole handshake is shown, and why.
void print(const checkup& done, bool colour) {
  const diagnosis::render_options how{.colour = colour};
  for (const auto& one : done.steps) {
    std::fputs(diagnosis::render_step(one.fine, one.name, one.text, one.ms, how).c_str(), stdout);
  }
  for (auto it = done.exchanges.begin(); it != done.exchanges.end(); ++it) {
    if (!it->explanation || is_told_later(it, done.exchanges.end())) continue;
    std::printf("\n%s\n%s", diagnosis::render_handshake(it->evidence, how).c_str(),
                diagnosis::render(for_reader(*it->explanation), how).c_str());
  }
  std::printf("\n%s\n", done.works ? "This would work." : "This would fail.");
}

boost::json::object json_of(const check_step& step) {
  boost::json::object made{{"step", std::string(trim(step.name))}, {"ok", step.fine}, {"text", clean(step.text, 4096)}};
  if (step.name.starts_with(' ')) made["detail"] = true;
  if (step.ms >= 0) made["duration_ms"] = step.ms;
  return made;
}

// As a line of the log has it, with the handshake in any case.
boost::json::object json_of(const forward::exchange_record& one) {
  auto made = forward::exchange_line(one.evidence, one.explanation, one.moved);
  made["handshake"] = diagnosis::handshake_json(one.evidence);
  return made;
}

void print_json(const checkup& done, const registry::reference& what) {
  boost::json::array steps;
  for (const auto& step : done.steps) steps.push_back(json_of(step));
  boost::json::array exchanges;
  for (const auto& one : done.exchanges) exchanges.push_back(json_of(one));
  const auto reference = what.repository.empty() ? registry::to_text(what.host) : registry::to_text(what);
  const boost::json::object all{{"reference", reference},
                                {"would_work", done.works},
                                {"steps", std::move(steps)},
                                {"exchanges", std::move(exchanges)}};
  std::printf("%s\n", boost::json::serialize(all).c_str());
}

// As skopeo, Helm and browsers name an image.
std::string_view without_scheme(std::string_view text) {
  for (const std::string_view scheme : {"docker://", "oci://", "https://", "http://"}) {
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  }
  return text;
}

// What containers-transports(5) puts before images that are in no registry; empty: none.
std::string_view local_transport_of(std::string_view text) {
  for (const std::string_view transport : {"docker-daemon:", "docker-archive:", "oci-archive:", "oci-layout:", "oci:",
                                           "dir:", "containers-storage:", "ostree:", "sif:", "tarball:", "file:"}) {
    if (text.starts_with(transport) && !text.starts_with("oci://")) return transport;
  }
  return {};
}

// A URL of the registry's API ("https://index.docker.io/v1/", "https://r.test/v2/app/manifests/1") as a host or an
// image.
std::string without_api_path(std::string_view text, bool is_url) {
  const auto slash = text.find('/');
  const auto path = text.substr(std::min(slash, text.size()));
  const bool is_root = path == "/v1/" || path == "/v2/" || (is_url && (path == "/v1" || path == "/v2"));
  const std::string host(text.substr(0, slash));
  if (is_root) return host;
  if (!is_url || !path.starts_with("/v2/")) return std::string(text);
  const auto rest = path.substr(4);
  for (const std::string_view endpoint : {"/manifests/", "/blobs/", "/tags/list"}) {
    const auto at = rest.rfind(endpoint);
    if (at == std::string_view::npos) continue;
    const auto repository = host + "/" + std::string(rest.substr(0, at));
    const auto reference = std::string(rest.substr(at + endpoint.size()));
    if (endpoint != "/manifests/" || reference.empty()) return repository;
    return repository + (reference.find(':') == std::string::npos ? ":" : "@") + reference;
  }
  return std::string(text);
}

// "harbor.example.com", "registry.test:5443", "localhost": a host, where an image's name alone is Docker Hub's. Of
// "registry:5000", which may be an image with its tag, the configuration has to know.
std::optional<registry::host> host_alone(std::string_view text, const config::settings& settings) {
  if (text.ends_with('/')) text.remove_suffix(1);
  const auto host = registry::parse_host(text);
  if (!host || text.find('/') != std::string_view::npos) return std::nullopt;
  const auto name = text.substr(0, text.find(':'));
  const bool looks_so = name.find('.') != std::string_view::npos || name == "localhost" || text.starts_with('[');
  const bool known =
      std::ranges::find(settings.registries, *host, &options::registry_options::host) != settings.registries.end();
  return looks_so || known ? std::optional(*host) : std::nullopt;
}

std::optional<check_request> request_of(const check_options& options, const config::settings& settings) {
  if (const auto transport = local_transport_of(options.reference); !transport.empty()) {
    complain(clean(options.reference, 120) + " is in no registry: " + std::string(transport) +
                 " names images on this machine, which need no login",
             "name the image as its registry does: registry.example.com/team/app:1");
    return std::nullopt;
  }
  const bool is_url = options.reference.starts_with("http://") || options.reference.starts_with("https://");
  const auto written = without_api_path(without_scheme(options.reference), is_url);
  if (const auto host = host_alone(written, settings)) {
    if (!options.push && !options.remove && options.mount_from.empty()) {
      return check_request{.what = {.host = *host, .repository = {}, .tag = {}, .digest = {}}};
    }
    complain(registry::to_text(*host) + " is a registry; a push, deletion or mount is of a repository",
             "write it behind the host: " + registry::to_text(*host) + "/team/app");
    return std::nullopt;
  }
  const auto reference = registry::parse_reference(written);
  if (!reference) {
    complain(reference.error().detail, "an image looks like registry.example.com/team/app:1");
    return std::nullopt;
  }
  check_request asked{.what = *reference, .push = options.push, .remove = options.remove};
  if (options.mount_from.empty()) return asked;
  const auto source = mount_source(asked, options.mount_from);
  if (source) return asked;
  complain("--mount-from: " + source.error().detail, "name a repository of the same registry, for example team/base:1");
  return std::nullopt;
}

}  // namespace

int check(const common_options& common, const check_options& options) {
  auto inputs = inputs_of(common, config::purpose::check);
  auto loaded = load_or_complain(common, config::purpose::check);
  // Without a configuration there is no policy to check against; what `run` would allow is what the credentials are
  // asked about.
  if (loaded && loaded->file.empty()) {
    inputs = inputs_of(common, config::purpose::run);
    loaded = load_or_complain(common, config::purpose::run);
  }
  if (!loaded) return exit_usage;
  const auto asked = request_of(options, loaded->settings);
  if (!asked) return exit_usage;
  const auto done = run_check(*loaded, inputs, *asked);
  if (!done) {
    complain(done.error().detail);
    return exit_usage;
  }
  if (options.json) {
    print_json(*done, asked->what);
  } else {
    print(*done, colourful(common, STDOUT_FILENO));
  }
  return done->works ? exit_fine : exit_failed;
}

}  // namespace regpass::cli
