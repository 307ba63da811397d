// State of a load: the result, and where each key was set, for checks that involve several keys.
#pragma once

#include "regpass/config/load.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace regpass::config {

struct assembly {
  loaded result;
  std::map<std::string, std::string>
      places;  // by the keys of `result.origins`: "FILE:12:3", "REGPASS_LOG_LEVEL", "--set log.level"

  void complain(const std::string& place, std::string what, std::string fix);
  void warn(const std::string& place, std::string what, std::string fix);
  // Where the key was set, or where its [[registry]] or [[mirror]] begins; empty for a default.
  std::string place_of(const std::string& key) const;
};

// "registry[0]."
std::string element_prefix(std::string_view list, std::size_t index);
std::string registry_prefix(std::size_t index);
std::string mirror_prefix(std::size_t index);

// Sets the defaults for a purpose, and their origins. Directories stay empty.
void apply_defaults(assembly&, purpose);
// Adds a [[registry]], with the defaults for the purpose, or a [[mirror]].
void add_registry(assembly&, const std::string& place);
void add_mirror(assembly&, const std::string& place);
void add_registry_credential(assembly&, std::size_t registry, const std::string& place);
void add_provider(assembly&, const std::string& place);
// Chooses the directories that were not set.
void choose_directories(assembly&, const inputs&);

// Applies HTTPS_PROXY and NO_PROXY unless a key overrides them, and rejects a proxy that is regpass itself.
void choose_upstream_proxy(assembly&, const inputs&);

// The layers, weakest first.
void apply_file(assembly&, std::string_view toml, const std::string& shown_as);
void apply_environment(assembly&, const inputs&);
void apply_sets(assembly&, const inputs&);

// Checks that involve several keys.
void check_together(assembly&);
void check_mirrors(assembly&);
void check_credentials(assembly&);
// Whether the files that a [[registry]] names can be read.
void check_files(assembly&);

}  // namespace regpass::config
