#include "regpass/forward/metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace regpass::forward {

namespace {

using counters = prometheus::Family<prometheus::Counter>;
using histograms = prometheus::Family<prometheus::Histogram>;

// Seconds: from a cached manifest to the push of a large layer.
const prometheus::Histogram::BucketBoundaries steps_of_time{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                            1,     2.5,    5,     10,   30,    60,   300, 900};

counters& count(prometheus::Registry& in, const std::string& name, const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(in);
}

histograms& time(prometheus::Registry& in, const std::string& name, const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(in);
}

double seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1000;
}

// Until the request that was answered went out: what the client waited for us.
std::int64_t before_sending(const explain::evidence& seen) {
  std::int64_t last = 0;
  for (const auto& one : seen.steps) {
    const auto* sent = std::get_if<explain::sent_step>(&one.step);
    if (sent && !sent->probe) last = one.at_ms;
  }
  return last;
}

}  // namespace

struct metrics::state : prometheus::Collectable {
  struct observed {
    std::string name;
    std::string help;
    metrics::kind what;
    std::function<std::vector<sample>()> read;
  };

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> made;
    const std::lock_guard held(lock);
    for (const auto& one : observations) {
      prometheus::MetricFamily family;
      family.name = one.name;
      family.help = one.help;
      family.type = one.what == kind::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
      for (const auto& each : one.read()) {
        prometheus::ClientMetric metric;
        for (const auto& [name, value] : each.labels) metric.label.push_back({name, value});
        metric.counter.value = metric.gauge.value = each.value;
        family.metric.push_back(std::move(metric));
      }
      if (!family.metric.empty()) made.push_back(std::move(family));
    }
    return made;
  }

  prometheus::Registry registry;
  counters& exchanges = count(registry, "regpass_exchanges_total", "Requests of clients, by what they were answered.");
  counters& failures = count(registry, "regpass_failures_total", "Requests that failed, by the cause that was found.");
  counters& tokens = count(registry, "regpass_token_requests_total", "Requests to token servers, by their result.");
  counters& cache = count(registry, "regpass_token_cache_total", "Requests that needed a token, by where it was.");
  counters& bytes = count(registry, "regpass_bytes_total", "Bytes of bodies: in from clients, out to them.");
  counters& reloads = count(registry, "regpass_credentials_reload_total", "Reloads of configuration and credentials.");
  prometheus::Histogram& duration =
      time(registry, "regpass_exchange_duration_seconds", "Requests of clients from their first byte to the last.")
          .Add({}, steps_of_time);
  prometheus::Histogram& added = time(registry, "regpass_exchange_added_seconds",
                                      "The part of it before the registry was asked: credential, token, connection.")
                                     .Add({}, steps_of_time);
  prometheus::Counter& bytes_in = bytes.Add({{"direction", "in"}});
  prometheus::Counter& bytes_out = bytes.Add({{"direction", "out"}});
  mutable std::mutex lock;
  std::vector<observed> observations;
};

metrics::metrics() : state_(std::make_unique<state>()) {
  for (const auto* result : {"good", "bad"}) state_->reloads.Add({{"result", result}});
}
metrics::~metrics() = default;

void metrics::exchange(const finished& one, bool served) {
  const auto& seen = one.evidence;
  const std::string registry = served ? seen.registry : "other";
  const int status = one.moved.sent_status != 0 ? one.moved.sent_status : seen.status;
  state_->exchanges
      .Add({{"registry", registry}, {"action", seen.action}, {"status", std::to_string(status)}, {"mode", seen.mode}})
      .Increment();
  if (one.explanation) state_->failures.Add({{"registry", registry}, {"cause", one.explanation->cause}}).Increment();
  if (!one.moved.cache.empty()) state_->cache.Add({{"result", one.moved.cache}}).Increment();
  state_->bytes_in.Increment(static_cast<double>(one.moved.bytes_in));
  state_->bytes_out.Increment(static_cast<double>(one.moved.bytes_out));
  state_->duration.Observe(seconds(one.moved.duration_ms));
  state_->added.Observe(seconds(before_sending(seen)));
}

void metrics::token_request(const std::string& registry, std::string_view result) {
  state_->tokens.Add({{"registry", registry}, {"result", std::string(result)}}).Increment();
}

void metrics::reloaded(bool good) {
  state_->reloads.Add({{"result", good ? "good" : "bad"}}).Increment();
}

void metrics::observe(std::string name, std::string help, kind what, std::function<std::vector<sample>()> read) {
  const std::lock_guard held(state_->lock);
  state_->observations.push_back({std::move(name), std::move(help), what, std::move(read)});
}

std::string metrics::text() const {
  auto families = state_->registry.Collect();
  auto observed = state_->Collect();
  families.insert(families.end(), std::make_move_iterator(observed.begin()), std::make_move_iterator(observed.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace regpass::forward
