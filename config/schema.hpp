// One table of keys: name, kind, bounds, text. Loading, `config show`, the JSON Schema and
// docs/configuration.md are made from it.
#pragma once

#include "settings.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regpass::config {

// A value as written, before it is known what it is for.
using value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>, std::vector<std::int64_t>>;

enum class kind : std::uint8_t {
  boolean,
  integer,   // from `least` to `most`; sizes are in bytes
  duration,  // text such as "10s"; `least` and `most` are milliseconds
  choice,    // one of `choices`
  endpoint,  // "ADDRESS:PORT"; empty: off
  host,      // a registry as in image names
  proxy,     // a corporate proxy's URL, or "direct"; may hold a password, so it is never shown as written
  path,      // empty: none, or the default; relative ones count from the file's directory
  prefix,    // segments of a URL's path; empty: none
  text,      // any
  path_list,
  port_list,
  pattern_list,  // repositories, '*' for any run of characters
  url_list,      // absolute https URLs
  choice_list,   // some of `choices`
  text_list      // any
};

// What is known of a key without knowing where its value is kept.
struct key_facts {
  std::string_view name;  // "listen.proxy"; in a [[registry]] just "push"
  config::kind kind = kind::boolean;
  std::string_view text;                    // one sentence for the reference
  std::int64_t least = 0, most = 0;         // kind::integer, kind::duration
  std::vector<std::string_view> choices{};  // kind::choice, kind::choice_list
};

// `Owner` is settings for the keys of the file's tables, and for those of an element of a list of tables what the
// element becomes.
template <class Owner>
struct key : key_facts {
  std::function<void(Owner&, const value&)> set;  // takes what loading found to fit the kind and its bounds
  std::function<value(const Owner&)> get;
};

std::span<const key<settings>> keys();
std::span<const key<forward::registry_options>> registry_keys();
std::span<const key<forward::mirror_options>> mirror_keys();
std::span<const key<registry_credential>> credential_keys();
std::span<const key<kubelet_provider>> provider_keys();

// The lists of tables: "registry", "mirror", and those in an element or a table: "registry.credential".
std::span<const std::string_view> list_names();

// JSON Schema (2020-12) of the file.
std::string json_schema();

}  // namespace regpass::config
