// Every series that the shipped alerts and the dashboard look at is there before anything happens.
#include "diagnosis/causes/causes.hpp"
#include "regpass/forward/metrics.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
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

// Series that `metrics` counts itself; what is read whenever somebody looks is there at once.
bool is_counted(const std::string& name) {
  static const std::set<std::string> families{"regpass_exchanges_total",      "regpass_failures_total",
                                              "regpass_token_requests_total", "regpass_token_cache_total",
                                              "regpass_bytes_total",          "regpass_credentials_reload_total"};
  return families.contains(name);
}

std::vector<used> series_in(const std::string& text) {
  static const std::regex selector(R"re((regpass_[a-z_]+)(?:\{([^}]*)\})?)re");
  static const std::regex matcher(R"re(([a-z_]+)=~?\\?"([^"\\]*)\\?")re");
  std::vector<used> found;
  for (std::sregex_iterator it(text.begin(), text.end(), selector), end; it != end; ++it) {
    used one{(*it)[1], {}};
    const std::string labels = (*it)[2];
    for (std::sregex_iterator l(labels.begin(), labels.end(), matcher); l != end; ++l) {
      std::istringstream list((*l)[2]);
      for (std::string value; std::getline(list, value, '|');) one.values[(*l)[1]].push_back(value);
    }
    found.push_back(std::move(one));
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
    for (const auto& one : series_in(content(file))) {
      if (!is_counted(one.name)) continue;
      ++looked_at;
      INFO(file << " " << one.name);
      const auto lines = lines_of(exposition, one.name);
      const bool by_registry = !lines.empty() && lines.front().contains("registry=");
      for (const std::string registry : {"harbor.example.com", "registry.test:5443"}) {
        const std::string of_registry = by_registry ? "registry=\"" + registry + "\"" : "";
        CHECK(has(lines, {of_registry}));
        for (const auto& [label, values] : one.values) {
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

TEST_CASE("E5: each cause of a failure has its series, also of hosts that are no registry", "[metrics]") {
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

TEST_CASE("E5: the first failure is an increase of a series that was there", "[metrics]") {
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

TEST_CASE("E5: of very many registries only the first have their series made", "[metrics]") {
  forward::metrics counts;
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i) many.push_back("r" + std::to_string(i) + ".test");
  counts.prepare(many, {"proxy"});
  CHECK(lines_of(counts.text(), "regpass_token_requests_total").size() < 1000);
}
