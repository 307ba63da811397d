// Reads settings from flags, environment, file and defaults, or reports all errors at once.
#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::config {

// Decides some defaults: `run` may push everywhere and listens on a free port.
enum class purpose : std::uint8_t { serve, run, check };

// Whether this process runs as root: its state then lives in /var/lib, not in a home directory.
bool runs_as_root() noexcept;

struct inputs {
  config::purpose purpose = config::purpose::serve;
  std::optional<std::filesystem::path>
      file;  // --config; else REGPASS_CONFIG, else /etc/regpass/regpass.toml if it is there
  std::vector<std::pair<std::string, std::string>> sets;  // --set key=value
  std::map<std::string, std::string> environment;         // all variables
  bool root = runs_as_root();
  bool judges_files = true;  // whether files that a [[registry]] names are checked for readability
};

// One error: "/etc/regpass/regpass.toml:12:1: unknown key `listen.proxi`" and "did you mean
// `listen.proxy`?".
struct problem {
  std::string what;
  std::string fix;
};

// Where each effective value came from: key -> "default" | "environment REGPASS_LISTEN_PROXY" | "flag --set" |
// "FILE:12". Keys of the first [[registry]] are "registry[0].push" and so on.
using provenance = std::map<std::string, std::string>;

struct loaded {
  config::settings settings;
  provenance origins;
  std::filesystem::path file;     // the file that was read; empty: none
  secret text;                    // of that file, which may contain the password of a proxy
  std::vector<problem> problems;  // empty: settings are valid
  std::vector<problem> warnings;  // such as keys under their old names
};

// Reads the file (at most 1 MiB); the files that a [[registry]] names must be readable. Never throws; every error is in
// `problems`.
loaded load(const inputs&);

// The same on a text, without touching the file system. Relative paths count from the directory of `shown_as`.
loaded load_text(std::string_view toml, const std::string& shown_as, const inputs&);

// The effective configuration as TOML with a comment behind each value saying where it came from.
std::string show(const loaded&);

// The environment of this process as a map.
std::map<std::string, std::string> process_environment();

}  // namespace regpass::config
