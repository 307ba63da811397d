#include "regpass/forward/metrics.hpp"

#include "diagnosis/causes/causes.hpp"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <deque>
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

// Values of those labels of a row that are known beforehand: all but "registry" and "mode", in the order of the row.
using label_values = std::vector<std::string_view>;

struct counter_row {
  counter id;
  std::string_view name;
  std::string_view help;
  std::vector<std::string_view> labels;
  std::vector<label_values> series{};  // exist at 0 for every registry and mode, before anything is counted
  bool other_hosts = false;            // also for hosts that are not registries of ours
};

// Every cause that a failure can have.
std::vector<label_values> failure_causes() {
  std::vector<label_values> names;
  for (const auto& row : diagnosis::causes()) {
    if (row.judge != nullptr) names.push_back({row.name});
  }
  return names;
}

// In the order of `counter`.
const std::vector<counter_row>& counter_table() {
  static const std::vector<counter_row> table{
      {.id = counter::exchanges,
       .name = "regpass_exchanges_total",
       .help = "Requests of clients, by the status they were answered with.",
       .labels = {"registry", "action", "status", "mode"},
       .series = {{"ping", "200"},
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
                  {"catalog", "403"}}},
      {.id = counter::failures,
       .name = "regpass_failures_total",
       .help = "Requests that failed, by the cause that was found.",
       .labels = {"registry", "cause"},
       .series = failure_causes(),
       .other_hosts = true},
      {.id = counter::token_requests,
       .name = "regpass_token_requests_total",
       .help = "Requests to token servers, by their result.",
       .labels = {"registry", "result"},
       .series = {{"granted"}, {"rejected"}, {"forbidden"}, {"wrong_form"}, {"busy"}, {"no_token"}, {"transport"}}},
      {.id = counter::token_cache,
       .name = "regpass_token_cache_total",
       .help = "Requests that needed a token, by whether the cache had it.",
       .labels = {"result"},
       .series = {{"hit"}, {"miss"}, {"refreshed"}}},
      {.id = counter::bytes,
       .name = "regpass_bytes_total",
       .help = "Bytes of bodies: in from clients, out to them.",
       .labels = {"direction"},
       .series = {{"in"}, {"out"}}},
      {.id = counter::reloads,
       .name = "regpass_credentials_reload_total",
       .help = "Reloads of configuration and credentials.",
       .labels = {"result"},
       .series = {{"good"}, {"bad"}}},
  };
  return table;
}

bool has_label(const counter_row& row, std::string_view label) {
  return std::ranges::find(row.labels, label) != row.labels.end();
}

// A family whose counters are found without building their labels, which is expensive and would happen for every
// request.
class counter_family {
 public:
  counter_family(prometheus::Registry& in, const counter_row& described)
      : row_(described),
        family_(prometheus::BuildCounter()
                    .Name(std::string(described.name))
                    .Help(std::string(described.help))
                    .Register(in)) {}

  // `values` in the order of the row's labels.
  prometheus::Counter& at(std::span<const std::string_view> values) {
    static thread_local std::string key;
    key.clear();
    for (const auto value : values) key.append(value).push_back('\n');
    const std::lock_guard held(lock_);
    auto& known = known_[key];
    if (known == nullptr) known = &add(values);
    return *known;
  }

  void prepare(std::string_view registry, std::string_view mode) {
    for (const auto& fixed : row_.series) {
      label_values values;
      auto next = fixed.begin();
      for (const auto label : row_.labels)
        values.push_back(label == "registry" ? registry : label == "mode" ? mode : *next++);
      at(values);
    }
  }

  const counter_row& row() const noexcept { return row_; }

 private:
  prometheus::Counter& add(std::span<const std::string_view> values) {
    prometheus::Labels labels;
    for (std::size_t i = 0; i < values.size(); ++i) labels.emplace(row_.labels.at(i), values[i]);
    return family_.Add(labels);
  }

  const counter_row& row_;
  prometheus::Family<prometheus::Counter>& family_;
  std::mutex lock_;
  std::unordered_map<std::string, prometheus::Counter*> known_;
};

// Seconds: from a cached manifest to the push of a large layer.
const prometheus::Histogram::BucketBoundaries time_buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                           1,     2.5,    5,     10,   30,    60,   300, 900};

prometheus::Histogram& add_histogram(prometheus::Registry& in, const std::string& name, const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(in).Add({}, time_buckets);
}

constexpr std::size_t most_prepared = 50;

double seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1000;
}

// Until the request that was answered was sent upstream: how long regpass made the client wait.
std::int64_t before_sending(const diagnosis::evidence& seen) {
  std::int64_t last = 0;
  for (const auto& timed : seen.steps) {
    const auto* sent = std::get_if<diagnosis::sent_step>(&timed.step);
    if (sent && !sent->probe) last = timed.at_ms;
  }
  return last;
}

}  // namespace

std::vector<std::string_view> counter_names() {
  std::vector<std::string_view> names;
  for (const auto& row : counter_table()) names.push_back(row.name);
  return names;
}

struct metrics::state : prometheus::Collectable {
  struct observation {
    std::string name;
    std::string help;
    metrics::kind type;
    std::function<std::vector<sample>()> read;
  };

  state() {
    for (const auto& row : counter_table()) {
      auto& family = families.emplace_back(registry, row);
      if (!has_label(row, "registry")) family.prepare({}, {});
    }
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> collected;
    const std::lock_guard held(lock);
    for (const auto& observed : observations) {
      prometheus::MetricFamily family;
      family.name = observed.name;
      family.help = observed.help;
      family.type = observed.type == kind::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
      for (const auto& reading : observed.read()) {
        prometheus::ClientMetric metric;
        for (const auto& [name, value] : reading.labels) metric.label.push_back({name, value});
        metric.counter.value = metric.gauge.value = reading.value;
        family.metric.push_back(std::move(metric));
      }
      if (!family.metric.empty()) collected.push_back(std::move(family));
    }
    return collected;
  }

  prometheus::Counter& at(counter id, std::initializer_list<std::string_view> values) {
    return families[static_cast<std::size_t>(id)].at({values.begin(), values.size()});
  }

  // Each registry costs about 150 series.
  bool may_prepare(const std::string& name) {
    const std::lock_guard held(lock);
    if (prepared.size() >= most_prepared) return false;
    return prepared.insert(name).second;
  }

  prometheus::Registry registry;
  std::deque<counter_family> families;  // by `counter`
  prometheus::Histogram& duration = add_histogram(registry, "regpass_exchange_duration_seconds",
                                                  "Requests of clients from their first byte to the last.");
  prometheus::Histogram& added =
      add_histogram(registry, "regpass_exchange_added_seconds",
                    "The part of it before the registry was asked: credential, token, connection.");
  mutable std::mutex lock;
  std::vector<observation> observations;
  std::set<std::string> prepared;
};

metrics::metrics() : state_(std::make_unique<state>()) {}
metrics::~metrics() = default;

void metrics::prepare(const std::vector<std::string>& registries, const std::vector<std::string>& modes) {
  const std::vector<std::string> no_mode{{}};
  for (auto& family : state_->families) {
    if (family.row().other_hosts) family.prepare("other", {});
  }
  for (const auto& registry : registries) {
    if (!state_->may_prepare(registry)) continue;
    for (auto& family : state_->families) {
      if (!has_label(family.row(), "registry")) continue;
      for (const auto& mode : has_label(family.row(), "mode") ? modes : no_mode) family.prepare(registry, mode);
    }
  }
}

void metrics::count(counter id, std::initializer_list<std::string_view> values, double amount) {
  state_->at(id, values).Increment(amount);
}

void metrics::exchange(const exchange_record& finished, bool served) {
  const auto& seen = finished.evidence;
  const auto& moved = finished.moved;
  const std::string_view registry = served ? std::string_view(seen.registry) : "other";
  const int status = moved.sent_status != 0 ? moved.sent_status : seen.status;
  count(counter::exchanges, {registry, seen.action, std::to_string(status), seen.mode});
  if (finished.explanation) count(counter::failures, {registry, finished.explanation->cause});
  if (!moved.cache.empty()) count(counter::token_cache, {moved.cache});
  count(counter::bytes, {"in"}, static_cast<double>(moved.bytes_in));
  count(counter::bytes, {"out"}, static_cast<double>(moved.bytes_out));
  state_->duration.Observe(seconds(moved.duration_ms));
  state_->added.Observe(seconds(before_sending(seen)));
}

void metrics::token_request(const std::string& registry, std::string_view result) {
  count(counter::token_requests, {registry, result});
}

void metrics::reloaded(bool good) {
  count(counter::reloads, {good ? "good" : "bad"});
}

void metrics::observe(std::string name, std::string help, kind type, std::function<std::vector<sample>()> read) {
  const std::lock_guard held(state_->lock);
  state_->observations.push_back({std::move(name), std::move(help), type, std::move(read)});
}

std::string metrics::text() const {
  auto families = state_->registry.Collect();
  auto observed = state_->Collect();
  families.insert(families.end(), std::make_move_iterator(observed.begin()), std::make_move_iterator(observed.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace regpass::forward
