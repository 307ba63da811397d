#include "assembly.hpp"
#include "judge.hpp"
#include "regpass/base/text.hpp"
#include "schema.hpp"
#include "toml_reader.hpp"
#include "unknown.hpp"

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
  const auto found = std::ranges::find(table, name, &key<Owner>::name);
  return found == table.end() ? nullptr : &*found;
}

std::string from_base(const std::string& text, const path& base) {
  if (text.empty() || base.empty()) return text;
  return (base / text).lexically_normal().string();
}

value with_base(kind k, value v, const path& base) {
  if (k == kind::path) v = from_base(std::get<std::string>(v), base);
  if (k != kind::path_list) return v;
  for (auto& one : std::get<std::vector<std::string>>(v)) one = from_base(one, base);
  return v;
}

template <class Owner>
void apply(assembly& a, Owner& owner, const std::string& prefix, const key<Owner>& k, const written& w,
           const source& from) {
  const auto full = prefix + std::string(k.name);
  a.places[full] = from.place;
  const auto v = fitting(k, w);
  if (!v) return a.complain(from.place, v.error().what, v.error().fix);
  k.set(owner, with_base(k.kind, *v, from.base));
  a.result.origins[full] = from.origin;
}

template <class Owner>
void apply_in(assembly& a, Owner& owner, std::span<const key<Owner>> table, const given& one, const source& from) {
  if (const auto* k = find(table, one.name))
    return apply(a, owner, element_prefix(one.of->list, one.of->index), *k, one.what, from);
  const auto unknown = unknown_element_key(one.of->list, one.name);
  a.complain(from.place, unknown.what, unknown.fix);
}

void apply_to_element(assembly& a, const given& one, const source& from) {
  auto& s = a.result.settings;
  const auto& [list, index] = *one.of;
  if (list == "mirror") return apply_in(a, s.mirrors[index], mirror_keys(), one, from);
  if (list == credential_list) return apply_in(a, s.credentials.of_registries[index], credential_keys(), one, from);
  if (list == provider_list) return apply_in(a, s.credentials.kubelet_providers[index], provider_keys(), one, from);
  apply_in(a, s.registries[index], registry_keys(), one, from);
}

void apply_given(assembly& a, const given& one, const source& from) {
  auto& s = a.result.settings;
  if (one.of) return apply_to_element(a, one, from);
  if (const auto* k = find(keys(), one.name)) return apply(a, s, {}, *k, one.what, from);
  const auto unknown = unknown_key(one.name);
  a.complain(from.place, unknown.what, unknown.fix);
}

void begin_element(assembly& a, const begun& one, const std::string& place) {
  if (one.list == "mirror") return add_mirror(a, place);
  if (one.list == credential_list) return add_registry_credential(a, one.within, place);
  if (one.list == provider_list) return add_provider(a, place);
  add_registry(a, place);
}

}  // namespace

void assembly::complain(const std::string& place, std::string what, std::string fix) {
  result.problems.push_back({place.empty() ? std::move(what) : place + ": " + what, std::move(fix)});
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
  for (const auto& one : file.elements) begin_element(a, one, to_text(shown_name, one.at));
  const auto base = path(shown_as).parent_path();
  for (const auto& one : file.keys)
    apply_given(a, one, {to_text(shown_name, one.at), fmt::format("{}:{}", shown_name, one.at.line), base});
}

void apply_environment(assembly& a, const inputs& in) {
  for (const auto& [name, text] : in.environment) {
    if (!name.starts_with("REGPASS_") || name == "REGPASS_CONFIG" || is_service_link(name)) continue;
    const auto found = std::ranges::find(keys(), name, [](const auto& k) { return variable_of(k.name); });
    if (found != keys().end()) {
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
      apply(a, a.result.settings, {}, *k, from_text(*k, text), {place, "flag --set", {}});
    } else {
      const auto unknown = unknown_key(name);
      a.complain(place, unknown.what, unknown.fix);
    }
  }
}

}  // namespace regpass::config
