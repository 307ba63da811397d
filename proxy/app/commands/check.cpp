#include "../checkup.hpp"
#include "commands.hpp"
#include "regpass/explain/render.hpp"
#include "regpass/registry/reference.hpp"

#include <boost/json/serialize.hpp>
#include <unistd.h>

#include <cstdio>

namespace regpass::app {

namespace {

void print(const checkup& done, bool colour) {
  const explain::render_options how{.colour = colour};
  for (const auto& step : done.steps) {
    std::printf("%s %-13s %s\n", step.fine ? "ok " : "NO ", step.name.c_str(), step.text.c_str());
  }
  for (const auto& one : done.exchanges) std::printf("\n%s", explain::render_handshake(one.evidence, how).c_str());
  for (const auto& one : done.exchanges) {
    if (one.explanation) std::printf("\n%s", explain::render(*one.explanation, how).c_str());
  }
}

void print_json(const checkup& done) {
  boost::json::array steps;
  for (const auto& step : done.steps) steps.push_back({{"step", step.name}, {"ok", step.fine}, {"text", step.text}});
  boost::json::array exchanges;
  for (const auto& one : done.exchanges) {
    auto shown = explain::to_json(one.evidence);
    if (one.explanation) shown["explanation"] = explain::to_json(*one.explanation);
    exchanges.push_back(std::move(shown));
  }
  const boost::json::object all{
      {"would_work", done.works}, {"steps", std::move(steps)}, {"exchanges", std::move(exchanges)}};
  std::printf("%s\n", boost::json::serialize(all).c_str());
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
  const auto reference = registry::parse_reference(options.reference);
  if (!reference) {
    complain(reference.error().detail, "an image looks like registry.example.com/team/app:1");
    return exit_usage;
  }
  const auto done = check_up(*loaded, inputs, *reference, options.push);
  if (!done) {
    complain(done.error().detail);
    return exit_usage;
  }
  if (options.json) {
    print_json(*done);
  } else {
    print(*done, colourful(common, STDOUT_FILENO));
  }
  return done->works ? exit_fine : exit_failed;
}

}  // namespace regpass::app
