#include "config/assembly.hpp"
#include "config/keys/schema.hpp"
#include "config/keys/unknown.hpp"
#include "config/values/toml_reader.hpp"
#include "config/values/validate.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace regpass::config {
namespace {

using std::filesystem::path;

struct source {
  std::string place;   // for problems
  std::string origin;  // for `show`
  path base;           // of relative paths; empty: the working directory
};

template <class Owner>
const key<Owner>* find(std::span<const key<Owner>> table, std::string_view name) {
  const auto found = std::ranges::find_if(table, [&](const key<Owner>& k) { return k.is_called(name); });
  return found == table.end() ? nullptr : &*found;
}

// The value is used, but the operator should rename the key.
template <class Owner>
void warn_of_old_name(assembly& a, const key<Owner>& k, std::string_view name, const std::string& place) {
  if (name == k.name) return;
  a.warn(place, fmt::format("`{}` is now called `{}`", name, k.name), fmt::format("rename it to {}", k.name));
}

std::string from_base(const std::string& text, const path& base) {
  if (text.empty() || base.empty()) return text;
  return (base / text).lexically_normal().string();
}

value with_base(kind k, value v, const path& base) {
  if (k == kind::path) v = from_base(std::get<std::string>(v), base);
  if (k != kind::path_list) return v;
  for (auto& text : std::get<std::vector<std::string>>(v)) text = from_base(text, base);
  return v;
}

template <class Owner>
void apply(assembly& a, Owner& owner, const std::string& prefix, const key<Owner>& k, const written& w,
           const source& from) {
  const auto full = prefix + std::string(k.name);
  a.places[full] = from.place;
  const auto v = validate(k, w);
  if (!v) return a.complain(from.place, v.error().what, v.error().fix);
  k.set(owner, with_base(k.kind, *v, from.base));
  a.result.origins[full] = from.origin;
}

// The file is the first layer, so a key that was set before is set under both of its names.
template <class Owner>
void apply_from_file(assembly& a, Owner& owner, const std::string& prefix, const key<Owner>& k, const given& setting,
                     const source& from) {
  if (a.places.contains(prefix + std::string(k.name))) {
    a.complain(from.place, fmt::format("`{}` and its old name `{}` are both set", k.name, k.formerly),
               fmt::format("remove {}", k.formerly));
    return;
  }
  warn_of_old_name(a, k, setting.name, from.place);
  apply(a, owner, prefix, k, setting.what, from);
}

template <class Owner>
void apply_in(assembly& a, Owner& owner, std::span<const key<Owner>> table, const given& setting, const source& from) {
  if (const auto* k = find(table, setting.name))
    return apply_from_file(a, owner, element_prefix(setting.of->list, setting.of->index), *k, setting, from);
  const auto unknown = unknown_element_key(setting.of->list, setting.name);
  a.complain(from.place, unknown.what, unknown.fix);
}

void apply_to_element(assembly& a, const given& setting, const source& from) {
  auto& s = a.result.settings;
  const auto& [list, index] = *setting.of;
  if (list == "mirror") return apply_in(a, s.mirrors[index], mirror_keys(), setting, from);
  if (list == credential_list) return apply_in(a, s.credentials.of_registries[index], credential_keys(), setting, from);
  if (list == provider_list) return apply_in(a, s.credentials.kubelet_providers[index], provider_keys(), setting, from);
  apply_in(a, s.registries[index], registry_keys(), setting, from);
}

void apply_given(assembly& a, const given& setting, const source& from) {
  auto& s = a.result.settings;
  if (setting.of) return apply_to_element(a, setting, from);
  if (const auto* k = find(keys(), setting.name)) return apply_from_file(a, s, {}, *k, setting, from);
  const auto unknown = unknown_key(setting.name);
  a.complain(from.place, unknown.what, unknown.fix);
}

void begin_element(assembly& a, const file_element& element, const std::string& place) {
  if (element.list == "mirror") return add_mirror(a, place);
  if (element.list == credential_list) return add_registry_credential(a, element.within, place);
  if (element.list == provider_list) return add_provider(a, place);
  add_registry(a, place);
}

}  // namespace

void assembly::complain(const std::string& place, std::string what, std::string fix) {
  result.problems.push_back({place.empty() ? std::move(what) : place + ": " + what, std::move(fix)});
}

void assembly::warn(const std::string& place, std::string what, std::string fix) {
  result.warnings.push_back({place + ": " + what, std::move(fix)});
}

std::string assembly::place_of(const std::string& key) const {
  auto found = places.find(key);
  if (found == places.end()) found = places.find(key.substr(0, key.find(']') + 2));
  return found == places.end() ? std::string() : found->second;
}

void apply_file(assembly& a, std::string_view toml, const std::string& shown_as) {
  const auto shown_name = clean(shown_as);
  auto file = read_toml(toml, shown_name);
  std::ranges::move(file.problems, std::back_inserter(a.result.problems));
  for (const auto& element : file.elements) begin_element(a, element, to_text(shown_name, element.at));
  const auto base = path(shown_as).parent_path();
  for (const auto& setting : file.keys)
    apply_given(a, setting, {to_text(shown_name, setting.at), fmt::format("{}:{}", shown_name, setting.at.line), base});
}

void apply_environment(assembly& a, const inputs& in) {
  for (const auto& [name, text] : in.environment) {
    if (!name.starts_with("REGPASS_") || name == "REGPASS_CONFIG" || is_service_link(name)) continue;
    const auto found = std::ranges::find_if(keys(), [&](const auto& k) {
      return variable_of(k.name) == name || (!k.formerly.empty() && variable_of(k.formerly) == name);
    });
    if (found != keys().end()) {
      if (const auto current = variable_of(found->name); current != name)
        a.warn("environment", fmt::format("{} is now called {}", name, current), "rename it to " + current);
      apply(a, a.result.settings, {}, *found, from_text(*found, text), {name, "environment " + name, {}});
    } else {
      const auto unknown = unknown_variable(name);
      a.complain("environment", unknown.what, unknown.fix);
    }
  }
}

void apply_sets(assembly& a, const inputs& in) {
  for (const auto& [name, text] : in.sets) {
    const auto place = "--set " + clean(name, 120);
    if (const auto* k = find(keys(), name)) {
      warn_of_old_name(a, *k, name, place);
      apply(a, a.result.settings, {}, *k, from_text(*k, text), {place, "flag --set", {}});
    } else {
      const auto unknown = unknown_key(name);
      a.complain(place, unknown.what, unknown.fix);
    }
  }
}

}  // namespace regpass::config
