// Every series that the shipped alerts and the dashboard use exists from the start.
#include "diagnosis/causes/causes.hpp"
#include "regpass/forward/metrics.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace regpass;

namespace {

std::string content(const std::string& file) {
  std::ifstream in(std::string(REGPASS_SOURCE_DIR) + "/deploy/monitoring/" + file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct used {
  std::string name;
  std::map<std::string, std::vector<std::string>> values;  // by label, of those that are written out
};

// Series that `metrics` counts itself; gauges are read at every scrape and need no preparation.
bool is_counted(const std::string& name) {
  return std::ranges::count(forward::counter_names(), name) > 0;
}

std::vector<used> series_in(const std::string& text) {
  static const std::regex selector(R"re((regpass_[a-z_]+)(?:\{([^}]*)\})?)re");
  static const std::regex matcher(R"re(([a-z_]+)=~?\\?"([^"\\]*)\\?")re");
  std::vector<used> found;
  for (std::sregex_iterator it(text.begin(), text.end(), selector), end; it != end; ++it) {
    used series{(*it)[1], {}};
    const std::string labels = (*it)[2];
    for (std::sregex_iterator l(labels.begin(), labels.end(), matcher); l != end; ++l) {
      std::istringstream list((*l)[2]);
      for (std::string value; std::getline(list, value, '|');) series.values[(*l)[1]].push_back(value);
    }
    found.push_back(std::move(series));
  }
  return found;
}

std::vector<std::string> lines_of(const std::string& exposition, const std::string& family) {
  std::vector<std::string> found;
  std::istringstream in(exposition);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(family + "{")) found.push_back(line);
  }
  return found;
}

bool has(const std::vector<std::string>& lines, const std::vector<std::string>& parts) {
  return std::ranges::any_of(lines, [&](const std::string& line) {
    return line.ends_with(" 0") && std::ranges::all_of(parts, [&](const auto& part) { return line.contains(part); });
  });
}

}  // namespace

TEST_CASE("E5: the series of alerts and dashboard exist at 0 for every registry", "[metrics]") {
  forward::metrics counts;
  counts.prepare({"harbor.example.com", "registry.test:5443"}, {"proxy", "mirror"});
  const auto exposition = counts.text();
  std::size_t looked_at = 0;
  for (const auto* file : {"alerts.yaml", "dashboard.json"}) {
    for (const auto& series : series_in(content(file))) {
      if (!is_counted(series.name)) continue;
      ++looked_at;
      INFO(file << " " << series.name);
      const auto lines = lines_of(exposition, series.name);
      const bool by_registry = !lines.empty() && lines.front().contains("registry=");
      for (const std::string registry : {"harbor.example.com", "registry.test:5443"}) {
        const std::string of_registry = by_registry ? "registry=\"" + registry + "\"" : "";
        CHECK(has(lines, {of_registry}));
        for (const auto& [label, values] : series.values) {
          if (label == "instance" || label == "job") continue;
          for (const auto& value : values) {
            INFO(label << "=" << value);
            CHECK(has(lines, {of_registry, label + "=\"" + value + "\""}));
          }
        }
      }
    }
  }
  CHECK(looked_at >= 8);
}

TEST_CASE("E5: each cause of a failure has its series, for unknown hosts as well", "[metrics]") {
  forward::metrics counts;
  counts.prepare({"harbor.example.com"}, {"proxy"});
  const auto lines = lines_of(counts.text(), "regpass_failures_total");
  for (const auto& row : diagnosis::causes()) {
    if (row.judge == nullptr) continue;
    const auto cause = "cause=\"" + std::string(row.name) + "\"";
    for (const auto* registry : {"registry=\"harbor.example.com\"", "registry=\"other\""})
      CHECK(has(lines, {cause, registry}));
  }
}

TEST_CASE("E5: the first failure increases a series that existed before", "[metrics]") {
  forward::metrics counts;
  counts.prepare({"harbor.example.com"}, {"proxy"});
  const auto before = lines_of(counts.text(), "regpass_failures_total").size();
  forward::exchange_record failed;
  failed.evidence.registry = "harbor.example.com";
  failed.evidence.status = 403;
  failed.explanation.emplace();
  failed.explanation->cause = "credential-rejected";
  counts.exchange(failed, true);
  CHECK(lines_of(counts.text(), "regpass_failures_total").size() == before);
}

TEST_CASE("E5: only the first of very many registries get series", "[metrics]") {
  forward::metrics counts;
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i) many.push_back("r" + std::to_string(i) + ".test");
  counts.prepare(many, {"proxy"});
  CHECK(lines_of(counts.text(), "regpass_token_requests_total").size() < 1000);
}
