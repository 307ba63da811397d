#include "regpass/app/credentials.hpp"

#include "regpass/base/file.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace regpass::app {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> known_names{"config.json", ".dockerconfigjson", ".dockercfg", "auth.json"};
constexpr std::size_t most_files = 64;  // per directory; a directory with more is no mount of credentials

bool is_known(const std::string& name) {
  return std::ranges::find(known_names, name) != known_names.end();
}

// A directory's credential files, in order of precedence, then its directories'.
void collect(const fs::path& directory, int depth, std::vector<fs::path>& into) {
  std::error_code ec;
  for (const auto name : known_names) {
    if (fs::exists(directory / name, ec) && !fs::is_directory(directory / name, ec)) into.push_back(directory / name);
  }
  std::set<fs::path> others;
  std::set<fs::path> nested;
  for (const auto& entry : fs::directory_iterator(directory, ec)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("..") || is_known(name)) continue;
    if (entry.is_directory(ec)) {
      nested.insert(entry.path());
    } else if (name.ends_with(".json")) {
      others.insert(entry.path());
    }
    if (others.size() + nested.size() >= most_files) break;
  }
  into.insert(into.end(), others.begin(), others.end());
  if (depth > 0) return;
  for (const auto& directory_inside : nested) collect(directory_inside, depth + 1, into);
}

std::string entries_text(const auth::docker_config& config) {
  const auto usable = std::ranges::count_if(config.entries, [](const auto& one) { return one.credential != nullptr; });
  return std::to_string(config.entries.size()) + " entries, " + std::to_string(usable) + " usable";
}

}  // namespace

std::vector<fs::path> default_places(const std::map<std::string, std::string>& environment) {
  const auto variable = [&](const std::string& name) -> fs::path {
    const auto it = environment.find(name);
    return it == environment.end() ? fs::path() : fs::path(it->second);
  };
  std::vector<fs::path> places;
  if (const auto file = variable("REGISTRY_AUTH_FILE"); !file.empty()) places.push_back(file);
  if (const auto directory = variable("DOCKER_CONFIG"); !directory.empty()) places.push_back(directory);
  if (const auto runtime = variable("XDG_RUNTIME_DIR"); !runtime.empty())
    places.push_back(runtime / "containers/auth.json");
  if (const auto home = variable("HOME"); !home.empty()) {
    places.push_back(home / ".config/containers/auth.json");
    places.push_back(home / ".docker/config.json");
  }
  return places;
}

credential_loader::credential_loader(std::vector<fs::path> places, std::size_t file_cap)
    : places_(std::move(places)), file_cap_(file_cap) {}

credentials credential_loader::load() {
  credentials made;
  std::set<fs::path> seen;
  for (const auto& place : places_) {
    std::error_code ec;
    std::vector<fs::path> files{place};
    if (fs::is_directory(place, ec)) {
      files.clear();
      collect(place, 0, files);
      if (files.empty()) made.searched.push_back(place.string() + " (a directory without credential files)");
    }
    for (const auto& file : files) {
      if (seen.insert(file).second) read(file, made);
    }
  }
  std::erase_if(good_, [&](const auto& one) { return !seen.contains(one.first); });
  auth::carry_over(last_, made.store);
  last_ = made.store;
  return made;
}

void credential_loader::read(const fs::path& file, credentials& into) {
  auto text = read_file(file, file_cap_);
  if (!text && text.error().code == errc::not_found) {
    good_.erase(file);
    into.searched.push_back(file.string() + " (does not exist)");
    return;
  }
  auto parsed = text ? auth::parse_docker_config(*text, file.string())
                     : result<auth::docker_config>(std::unexpected(text.error()));
  if (parsed) {
    good_.insert_or_assign(file, *parsed);
  } else {
    into.rejected.push_back(rejection{file, parsed.error().detail, good_.contains(file)});
  }
  const auto good = good_.find(file);
  if (good == good_.end()) {
    into.searched.push_back(file.string() + " (unusable: " + parsed.error().detail + ")");
    return;
  }
  into.searched.push_back(file.string() + " (" + entries_text(good->second) + ")");
  into.read.push_back(file);
  into.store.sources.push_back(file.string());
  into.store.entries.insert(into.store.entries.end(), good->second.entries.begin(), good->second.entries.end());
}

}  // namespace regpass::app
