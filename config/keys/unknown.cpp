#include "config/keys/unknown.hpp"

#include "config/assembly.hpp"
#include "config/keys/schema.hpp"
#include "config/values/toml_reader.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

namespace regpass::config {
namespace {

using names = std::vector<std::string>;

template <class Owner>
names names_of(std::span<const key<Owner>> table) {
  names out;
  for (const auto& key : table) out.emplace_back(key.name);
  return out;
}

bool has(const names& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

std::string meant(std::string_view name) {
  return fmt::format("did you mean `{}`?", name);
}

// A key written without its table, or in the wrong one.
std::optional<std::string> same_last_part(std::string_view name, const names& list) {
  const auto found = std::ranges::find(list, last_part(name), [](const auto& key) { return last_part(key); });
  if (found == list.end()) return std::nullopt;
  return meant(*found);
}

// "[log] has the keys level, format"
std::string keys_of(std::string_view table) {
  names out;
  for (const auto& key : keys())
    if (key.name.starts_with(table) && key.name.size() > table.size() && key.name[table.size()] == '.')
      out.emplace_back(last_part(key.name));
  return fmt::format("[{}] has the keys {}", table, fmt::join(out, ", "));
}

// The tables that a mistyped name could refer to.
names tables() {
  names out(list_names().begin(), list_names().end());
  for (const auto& key : keys()) {
    const auto table = std::string(key.name.substr(0, key.name.find('.')));
    if (is_table(table) && !has(out, table)) out.push_back(table);
  }
  return out;
}

names element_keys(std::string_view list) {
  if (list == credential_list) return names_of(credential_keys());
  if (list == provider_list) return names_of(provider_keys());
  return list == "mirror" ? names_of(mirror_keys()) : names_of(registry_keys());
}

std::string quoted(std::string_view name) {
  return clean(name, 120);
}

std::string correction(std::string_view name) {
  const auto all = names_of(keys()), all_tables = tables();  // what `nearest` returns points into them
  if (const auto near = nearest(name, all)) return meant(*near);
  if (const auto near = nearest(name, all_tables)) return meant(*near);
  if (const auto other = same_last_part(name, all)) return *other;
  for (const auto list : list_names())
    if (has(element_keys(list), last_part(name)))
      return fmt::format("`{}` belongs below a [[{}]] in the file", last_part(name), list);
  const auto table = name.substr(0, name.find('.'));
  return is_table(table) ? keys_of(table) : "remove it";
}

std::string element_correction(std::string_view list, std::string_view name) {
  const auto ours = element_keys(list), others = names_of(keys());
  if (has(others, name)) return fmt::format("`{}` belongs above the first table of the file", name);
  if (const auto near = nearest(name, ours)) return meant(*near);
  return same_last_part(name, others).value_or("remove it");
}

}  // namespace

problem unknown_key(std::string_view name) {
  if (is_list(name))
    return {fmt::format("`{}` must be a list of tables", name), fmt::format("write [[{}]] and its keys below", name)};
  if (is_table(name))
    return {fmt::format("`{}` is a table, not a value", name), fmt::format("write [{}] and its keys below", name)};
  return {fmt::format("unknown key `{}`", quoted(name)), correction(name)};
}

problem unknown_element_key(std::string_view list, std::string_view name) {
  return {fmt::format("unknown key `{}` of [[{}]]", quoted(name), list), element_correction(list, name)};
}

problem unknown_variable(std::string_view name) {
  names variables{"REGPASS_CONFIG"};
  for (const auto& key : keys()) variables.push_back(variable_of(key.name));
  problem out{fmt::format("unknown variable {}", quoted(name)), "unset it"};
  if (const auto near = nearest(name, variables)) out.fix = fmt::format("did you mean {}?", *near);
  for (const auto list : list_names())
    if (name.starts_with(variable_of(list))) out.fix = fmt::format("a [[{}]] can only be set in the file", list);
  return out;
}

std::string variable_of(std::string_view key) {
  std::string out = "REGPASS_";
  for (const char c : key) out += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

bool is_service_link(std::string_view variable) {
  if (variable.ends_with("_SERVICE_HOST") || variable.ends_with("_SERVICE_PORT")) return true;
  if (variable.find("_SERVICE_PORT_") != std::string_view::npos || variable.ends_with("_PORT")) return true;
  const auto at = variable.find("_PORT_");
  return at != std::string_view::npos && at + 6 < variable.size() && variable[at + 6] >= '0' && variable[at + 6] <= '9';
}

}  // namespace regpass::config
