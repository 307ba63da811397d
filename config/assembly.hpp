// What loading works on: the result, and where each key was given, for problems that show only when all is there.
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
  // The place where the key was given, or where its [[registry]] or [[mirror]] begins; for a default nothing.
  std::string place_of(const std::string& key) const;
};

// "registry[0]."
std::string element_prefix(std::string_view list, std::size_t index);
std::string registry_prefix(std::size_t index);
std::string mirror_prefix(std::size_t index);

// Lists in other tables, and the prefixes of their elements.
inline constexpr std::string_view credential_list = "registry.credential";
inline constexpr std::string_view provider_list = "credentials.kubelet_provider";

// What a purpose begins with, and its origins. Directories are still empty.
void begin_with_defaults(assembly&, purpose);
// One more [[registry]], with the defaults of the purpose, or [[mirror]].
void add_registry(assembly&, const std::string& place);
void add_mirror(assembly&, const std::string& place);
void add_registry_credential(assembly&, std::size_t registry, const std::string& place);
void add_provider(assembly&, const std::string& place);
// The directories that were not given.
void choose_directories(assembly&, const inputs&);

// HTTPS_PROXY and NO_PROXY, as far as no key says otherwise.
void choose_way_out(assembly&, const inputs&);

// The layers, weakest first.
void apply_file(assembly&, std::string_view toml, const std::string& shown_as);
void apply_environment(assembly&, const inputs&);
void apply_sets(assembly&, const inputs&);

// What can be judged only when all keys are known.
void check_together(assembly&);
void check_mirrors(assembly&);
void check_credentials(assembly&);
// The files that a [[registry]] names.
void check_files(assembly&);

}  // namespace regpass::config
