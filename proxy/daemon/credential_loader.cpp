#include "daemon/credential_loader.hpp"

#include "daemon/credential_remarks.hpp"
#include "regpass/base/text_file.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace regpass::daemon {

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
    // What cannot be looked at is not gone: whoever reads it says why, and the last good content stays in force.
    const auto what = fs::status(directory / name, ec).type();
    if (what != fs::file_type::not_found && what != fs::file_type::directory) into.push_back(directory / name);
  }
  std::set<fs::path> others;
  std::set<fs::path> nested;
  std::error_code stopped;  // what can no longer be listed is left out; nothing is thrown
  for (fs::directory_iterator at(directory, stopped), end; !stopped && at != end; at.increment(stopped)) {
    const auto& entry = *at;
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
  auto text = std::to_string(config.entries.size()) + " entries, " + std::to_string(usable) + " usable";
  if (!config.helpers.empty()) text = std::to_string(config.helpers.size()) + " helpers, " + text;
  return config.legacy ? text + ", in the legacy form without auths" : text;
}

auth::credential_entry entry_of(const auth::credential_program& provider) {
  auth::credential_entry made;
  made.program = std::make_shared<auth::credential_program>(provider);
  made.source = auth::name_of(provider);
  made.key = provider.images.empty() ? std::string() : provider.images.front();
  return made;
}

auth::credential_entry switched_off(auth::credential_entry one) {
  if (one.program) one.problem = "it is asked of " + auth::name_of(*one.program) + ", but credentials.helpers is false";
  one.program = nullptr;
  return one;
}

}  // namespace

std::vector<fs::path> default_places(const std::map<std::string, std::string>& environment) {
  const auto variable = [&](const std::string& name) -> fs::path {
    const auto it = environment.find(name);
    return it == environment.end() ? fs::path() : fs::path(it->second);
  };
  std::vector<fs::path> places;
  // systemd's LoadCredential= (systemd.exec(5))
  if (const auto given = variable("CREDENTIALS_DIRECTORY"); !given.empty()) places.push_back(given);
  if (const auto file = variable("REGISTRY_AUTH_FILE"); !file.empty()) places.push_back(file);
  if (const auto directory = variable("DOCKER_CONFIG"); !directory.empty()) places.push_back(directory);
  if (const auto runtime = variable("XDG_RUNTIME_DIR"); !runtime.empty())
    places.push_back(runtime / "containers/auth.json");
  const auto home = variable("HOME");
  if (const auto config = variable("XDG_CONFIG_HOME"); !config.empty()) {
    places.push_back(config / "containers/auth.json");
  } else if (!home.empty()) {
    places.push_back(home / ".config/containers/auth.json");
  }
  if (home.empty()) return places;
  places.push_back(home / ".docker/config.json");
  places.push_back(home / ".dockercfg");
  return places;
}

credential_loader::credential_loader(credential_sources from, std::size_t file_cap)
    : from_(std::move(from)), file_cap_(file_cap) {}

credential_loader::credential_loader(std::vector<fs::path> places, std::size_t file_cap)
    : credential_loader(credential_sources{std::move(places), true, {}, {}}, file_cap) {}

std::vector<fs::path> credential_loader::places() const {
  auto all = from_.places;
  for (const auto& one : from_.configured) all.push_back(one.file);
  return all;
}

credentials credential_loader::load() {
  credentials made;
  seen_.clear();
  for (const auto& one : from_.configured) read_configured(one, made);
  for (const auto& place : from_.places) read_place(place, made);
  for (const auto& one : from_.providers) made.store.entries.push_back(entry_of(one));
  std::erase_if(good_, [&](const auto& one) { return !seen_.contains(one.first); });
  std::erase_if(good_secrets_, [&](const auto& one) { return !seen_.contains(one.first); });
  add_remarks(made.store);
  auth::carry_over(last_, made.store);
  last_ = made.store;
  return made;
}

void credential_loader::read_place(const fs::path& place, credentials& into) {
  std::error_code ec;
  std::vector<fs::path> files{place};
  if (fs::is_directory(place, ec)) {
    files.clear();
    collect(place, 0, files);
    if (files.empty()) into.searched.push_back(place.string() + " (a directory without credential files)");
  }
  for (const auto& file : files) {
    if (seen_.insert(file).second) read(file, into);
  }
}

const auth::docker_config* credential_loader::parse(const fs::path& file, bool must_exist, credentials& into) {
  auto text = read_text_file(file, file_cap_);
  const bool gone = !text && text.error().code == errc::not_found;
  if (gone) good_.erase(file);
  if (gone && !must_exist) {
    into.searched.push_back(file.string() + " (does not exist)");
    return nullptr;
  }
  auto parsed = text ? auth::parse_docker_config(*text, file.string())
                     : result<auth::docker_config>(std::unexpected(text.error()));
  if (text) wipe(*text);
  if (parsed) {
    good_.insert_or_assign(file, *parsed);
  } else {
    into.rejected.push_back(rejection{file, parsed.error().detail, good_.contains(file)});
  }
  const auto good = good_.find(file);
  if (good != good_.end()) {
    into.searched.push_back(file.string() + " (" + entries_text(good->second) + ")");
    into.read.push_back(file);
    return &good->second;
  }
  into.searched.push_back(file.string() + " (unusable: " + parsed.error().detail + ")");
  return nullptr;
}

void credential_loader::read(const fs::path& file, credentials& into) {
  const auto* config = parse(file, false, into);
  if (config == nullptr) return;
  auto& entries = into.store.entries;
  into.store.sources.push_back(file.string());
  for (const auto& one : config->helpers) {
    if (from_.helpers) {
      entries.push_back(one);
    } else if (!one.host.name.empty()) {
      entries.push_back(switched_off(one));
    }
  }
  entries.insert(entries.end(), config->entries.begin(), config->entries.end());
}

}  // namespace regpass::daemon
