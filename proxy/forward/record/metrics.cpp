#include "regpass/forward/metrics.hpp"

#include "diagnosis/causes/causes.hpp"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <iterator>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace regpass::forward {

namespace {

using label = std::pair<std::string_view, std::string_view>;
using histograms = prometheus::Family<prometheus::Histogram>;

// Seconds: from a cached manifest to the push of a large layer.
const prometheus::Histogram::BucketBoundaries steps_of_time{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                            1,     2.5,    5,     10,   30,    60,   300, 900};

// A family whose counters are found again without making their labels: that is dear, and done for every request.
class counters {
 public:
  counters(prometheus::Registry& in, const std::string& name, const std::string& help)
      : family_(prometheus::BuildCounter().Name(name).Help(help).Register(in)) {}

  template <std::size_t N>
  prometheus::Counter& at(const std::array<label, N>& labels) {
    static thread_local std::string key;
    key.clear();
    for (const auto& [name, value] : labels) key.append(value).push_back('\n');
    const std::lock_guard held(lock_);
    auto& known = known_[key];
    if (known == nullptr) known = &add(labels);
    return *known;
  }

 private:
  prometheus::Counter& add(std::span<const label> labels) {
    prometheus::Labels made;
    for (const auto& [name, value] : labels) made.emplace(name, value);
    return family_.Add(made);
  }

  prometheus::Family<prometheus::Counter>& family_;
  std::mutex lock_;
  std::unordered_map<std::string, prometheus::Counter*> known_;
};

histograms& time(prometheus::Registry& in, const std::string& name, const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(in);
}

constexpr std::size_t most_prepared = 50;

// The results of token_requests, as token_client names them.
constexpr auto token_results = std::to_array<std::string_view>(
    {"granted", "rejected", "forbidden", "wrong_form", "busy", "no_token", "transport"});

// What requests are answered in the ordinary run of things, and when they fail.
constexpr auto usual_answers = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"ping", "200"},
    {"ping", "403"},
    {"ping", "503"},
    {"pull", "200"},
    {"pull", "206"},
    {"pull", "307"},
    {"pull", "403"},
    {"pull", "404"},
    {"pull", "429"},
    {"pull", "503"},
    {"push", "201"},
    {"push", "202"},
    {"push", "403"},
    {"push", "503"},
    {"delete", "202"},
    {"delete", "403"},
    {"catalog", "200"},
    {"catalog", "403"},
});

double seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1000;
}

// Until the request that was answered went out: what the client waited for us.
std::int64_t before_sending(const diagnosis::evidence& seen) {
  std::int64_t last = 0;
  for (const auto& one : seen.steps) {
    const auto* sent = std::get_if<diagnosis::sent_step>(&one.step);
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

  void prepare_failures(std::string_view of) {
    for (const auto& row : diagnosis::causes()) {
      const bool fails = row.judge != nullptr;
      if (fails) failures.at(std::array<label, 2>{{{"registry", of}, {"cause", row.name}}});
    }
  }

  // Each costs some 150 series.
  bool may_prepare(const std::string& one) {
    const std::lock_guard held(lock);
    if (prepared.size() >= most_prepared) return false;
    return prepared.insert(one).second;
  }

  prometheus::Registry registry;
  counters exchanges{registry, "regpass_exchanges_total", "Requests of clients, by what they were answered."};
  counters failures{registry, "regpass_failures_total", "Requests that failed, by the cause that was found."};
  counters tokens{registry, "regpass_token_requests_total", "Requests to token servers, by their result."};
  counters cache{registry, "regpass_token_cache_total", "Requests that needed a token, by where it was."};
  counters bytes{registry, "regpass_bytes_total", "Bytes of bodies: in from clients, out to them."};
  counters reloads{registry, "regpass_credentials_reload_total", "Reloads of configuration and credentials."};
  prometheus::Histogram& duration =
      time(registry, "regpass_exchange_duration_seconds", "Requests of clients from their first byte to the last.")
          .Add({}, steps_of_time);
  prometheus::Histogram& added = time(registry, "regpass_exchange_added_seconds",
                                      "The part of it before the registry was asked: credential, token, connection.")
                                     .Add({}, steps_of_time);
  prometheus::Counter& bytes_in = bytes.at(std::array<label, 1>{{{"direction", "in"}}});
  prometheus::Counter& bytes_out = bytes.at(std::array<label, 1>{{{"direction", "out"}}});
  mutable std::mutex lock;
  std::vector<observed> observations;
  std::set<std::string> prepared;
};

metrics::metrics() : state_(std::make_unique<state>()) {
  for (const auto* result : {"good", "bad"}) state_->reloads.at(std::array<label, 1>{{{"result", result}}});
  for (const auto* result : {"hit", "miss", "refreshed"}) state_->cache.at(std::array<label, 1>{{{"result", result}}});
}
metrics::~metrics() = default;

void metrics::prepare(const std::vector<std::string>& registries, const std::vector<std::string>& modes) {
  state_->prepare_failures("other");
  for (const auto& registry : registries) {
    if (!state_->may_prepare(registry)) continue;
    state_->prepare_failures(registry);
    for (const auto result : token_results) {
      state_->tokens.at(std::array<label, 2>{{{"registry", registry}, {"result", result}}});
    }
    for (const auto& [action, status] : usual_answers) {
      for (const auto& mode : modes) {
        state_->exchanges.at(
            std::array<label, 4>{{{"registry", registry}, {"action", action}, {"status", status}, {"mode", mode}}});
      }
    }
  }
}

void metrics::exchange(const exchange_record& one, bool served) {
  const auto& seen = one.evidence;
  const std::string_view registry = served ? std::string_view(seen.registry) : "other";
  const int status = one.moved.sent_status != 0 ? one.moved.sent_status : seen.status;
  const auto status_text = std::to_string(status);
  const std::array<label, 4> told{
      {{"registry", registry}, {"action", seen.action}, {"status", status_text}, {"mode", seen.mode}}};
  state_->exchanges.at(told).Increment();
  if (one.explanation) {
    const std::array<label, 2> failed{{{"registry", registry}, {"cause", one.explanation->cause}}};
    state_->failures.at(failed).Increment();
  }
  if (!one.moved.cache.empty()) state_->cache.at(std::array<label, 1>{{{"result", one.moved.cache}}}).Increment();
  state_->bytes_in.Increment(static_cast<double>(one.moved.bytes_in));
  state_->bytes_out.Increment(static_cast<double>(one.moved.bytes_out));
  state_->duration.Observe(seconds(one.moved.duration_ms));
  state_->added.Observe(seconds(before_sending(seen)));
}

void metrics::token_request(const std::string& registry, std::string_view result) {
  state_->tokens.at(std::array<label, 2>{{{"registry", registry}, {"result", result}}}).Increment();
}

void metrics::reloaded(bool good) {
  state_->reloads.at(std::array<label, 1>{{{"result", good ? "good" : "bad"}}}).Increment();
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
