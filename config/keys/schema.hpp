// The table of keys: name, kind, bounds, text. Loading, `config show`, the JSON Schema and the manual page are made
// from it, so a new key is a field in an options struct and a row here.
#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regpass::config {

// A value as written, before it is matched to a key.
using value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>, std::vector<std::int64_t>>;

enum class kind : std::uint8_t {
  boolean,
  integer,   // from `least` to `most`; sizes are in bytes
  duration,  // text such as "10s"; `least` and `most` are milliseconds
  choice,    // one of `choices`
  endpoint,  // "ADDRESS:PORT"; empty: off
  host,      // a registry as it appears in image names
  proxy,     // a corporate proxy's URL, or "direct"; may contain a password, so it is always masked
  path,      // empty: none, or the default; relative to the directory of the configuration file
  prefix,    // segments of a URL path; empty: none
  text,      // any
  path_list,
  port_list,
  pattern_list,  // repositories, '*' for any run of characters
  url_list,      // absolute https URLs
  choice_list,   // some of `choices`
  text_list      // any
};

// Everything about a key except where its value is stored.
struct key_facts {
  std::string_view name;  // "listen.proxy"; in a [[registry]] just "push"
  config::kind kind = kind::boolean;
  std::string_view text;                    // one sentence for the reference
  std::int64_t least = 0, most = 0;         // kind::integer, kind::duration
  std::vector<std::string_view> choices{};  // kind::choice, kind::choice_list
  std::string_view formerly{};              // the key's old name: still accepted, with a warning
};

// `Owner` is `settings` for the keys of the file's tables; for the keys of a list of tables it is the struct that an
// element of the list is read into.
template <class Owner>
struct key : key_facts {
  bool is_called(std::string_view given) const { return given == name || (!formerly.empty() && given == formerly); }

  std::function<void(Owner&, const value&)> set;  // takes a value that `validate` accepted
  std::function<value(const Owner&)> get;
};

std::span<const key<settings>> keys();
std::span<const key<options::registry_options>> registry_keys();
std::span<const key<options::mirror_options>> mirror_keys();
std::span<const key<registry_credential>> credential_keys();
std::span<const key<kubelet_provider>> provider_keys();

// The keys of [limits], for `keys`.
std::vector<key<settings>> limit_keys();

inline constexpr std::string_view credential_list = "registry.credential";
inline constexpr std::string_view provider_list = "credentials.kubelet_provider";
// The lists of tables: "registry", "mirror", and those within an element or a table: "registry.credential".
std::span<const std::string_view> list_names();

// JSON Schema (2020-12) of the file.
std::string json_schema();

}  // namespace regpass::config
