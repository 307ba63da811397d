// Counters, histograms and gauges in Prometheus' text format. Thread-safe.
//
// A counter is one row of the table in metrics.cpp (name, help, labels, the series that exist from the start), under
// its name in `counter`; whatever counts it calls `count`. A gauge is one call of `observe`.
//
// Labels are bounded: a registry is one that is configured or has a credential, else "other"; never a repository or a
// path.
#pragma once

#include "forward/record/exchange_record.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::forward {

enum class counter : std::uint8_t { exchanges, failures, token_requests, token_cache, bytes, reloads };
std::vector<std::string_view> counter_names();  // "regpass_exchanges_total" …

class metrics {
 public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  // Creates the series of these registries at 0, because Prometheus sees no increase in a series that did not exist.
  // `modes`: those that clients can use. Only the first 50 registries get series; another call adds what is new.
  void prepare(const std::vector<std::string>& registries, const std::vector<std::string>& modes);

  // `values`: of the counter's labels, in the order of its row.
  void count(counter, std::initializer_list<std::string_view> values, double amount = 1);

  // `served`: its registry is configured.
  void exchange(const exchange_record&, bool served);
  // result: granted | the name of a token_failure::kind
  void token_request(const std::string& registry, std::string_view result);
  void reloaded(bool good);

  using labels = std::map<std::string, std::string>;
  struct sample {
    forward::metrics::labels labels;
    double value = 0;
  };
  // A family whose samples are read at every scrape. `read` is called on the scraping thread.
  enum class kind : std::uint8_t { gauge, counter };
  void observe(std::string name, std::string help, kind type, std::function<std::vector<sample>()> read);

  // The whole exposition (Content-Type: text/plain; version=0.0.4).
  std::string text() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace regpass::forward
