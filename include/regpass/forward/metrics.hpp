// What was served, counted, as Prometheus' text format has it. Thread-safe.
//
// Labels are bounded: a registry is one that is configured or has a credential, else "other"; never a repository or a
// path.
#pragma once

#include "forward/record/exchange_record.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::forward {

class metrics {
 public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  // Makes the series of these registries, at 0: an increase from nothing is no increase to Prometheus. `modes`: by
  // which clients may come. Of very many registries the first ones; asked again it adds what is new.
  void prepare(const std::vector<std::string>& registries, const std::vector<std::string>& modes);

  // `served`: its registry is one of ours.
  void exchange(const exchange_record&, bool served);
  // result: granted | the name of a token_failure::kind
  void token_request(const std::string& registry, std::string_view result);
  void reloaded(bool good);

  using labels = std::map<std::string, std::string>;
  struct sample {
    forward::metrics::labels labels;
    double value = 0;
  };
  // A family whose samples are read whenever somebody looks. `read` is called on the thread that asks.
  enum class kind : std::uint8_t { gauge, counter };
  void observe(std::string name, std::string help, kind what, std::function<std::vector<sample>()> read);

  // The whole exposition (Content-Type: text/plain; version=0.0.4).
  std::string text() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace regpass::forward
