#include "config/values/toml_reader.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

namespace regpass::config {
namespace {

position place(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

std::string name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list of tables or of mixed types";
    case toml::node_type::floating_point:
      return "a floating-point number";
    default:
      return "a date or time";
  }
}

template <class T>
written list_of(const toml::array& array) {
  std::vector<T> out;
  for (const auto& element : array) out.push_back(*element.value<T>());
  return value(std::move(out));
}

written value_of(const toml::node& node) {
  if (const auto* array = node.as_array()) {
    if (array->empty() || array->is_homogeneous<std::string>()) return list_of<std::string>(*array);
    if (array->is_homogeneous<std::int64_t>()) return list_of<std::int64_t>(*array);
  }
  if (const auto* yes = node.as_boolean()) return value(yes->get());
  if (const auto* number = node.as_integer()) return value(number->get());
  if (const auto* text = node.as_string()) return value(text->get());
  return unsupported{name_of(node.type())};
}

// A quoted key may contain dots: "listen.proxy" in quotes is not listen.proxy.
std::string text_of(const toml::key& key) {
  const auto text = std::string(key.str());
  return text.find('.') == std::string::npos ? text : '"' + text + '"';
}

bool is_list_of_tables(const toml::node& node) {
  const auto* array = node.as_array();
  return array && (array->empty() || array->is_homogeneous<toml::table>());
}

void add_table(file_contents& out, const toml::table& table, const std::string& name) {
  for (const auto& [key, node] : table) {
    const auto full = name.empty() ? text_of(key) : name + "." + text_of(key);
    if (const auto* inner = node.as_table(); inner && is_table(full))
      add_table(out, *inner, full);
    else if (!is_list(full) || !is_list_of_tables(node))
      out.keys.push_back({std::nullopt, full, value_of(node), place(key.source())});
  }
}

// The list's tables in `table`, and the lists within them. Elements are numbered across all lists of the same name.
void add_elements(file_contents& out, const toml::table& table, std::string_view list, std::string_view name,
                  std::size_t within) {
  const auto* tables = table.get(name);
  if (!tables || !is_list_of_tables(*tables)) return;
  for (const auto& node : *tables->as_array()) {
    const auto index = static_cast<std::size_t>(std::ranges::count(out.elements, list, &file_element::list));
    out.elements.push_back({list, place(node.source()), within});
    for (const auto& [key, inner_node] : *node.as_table()) {
      const auto inner = std::string(list) + "." + text_of(key);
      const auto known = std::ranges::find(list_names(), inner);
      if (known != list_names().end() && is_list_of_tables(inner_node))
        add_elements(out, *node.as_table(), *known, key.str(), index);
      else
        out.keys.push_back({element{list, index}, text_of(key), value_of(inner_node), place(key.source())});
    }
  }
}

// A list of the file, or of a table of it: "credentials.kubelet_provider".
void add_list(file_contents& out, const toml::table& table, std::string_view list) {
  const auto dot = list.find('.');
  if (dot == std::string_view::npos) return add_elements(out, table, list, list, 0);
  if (const auto* inner = table.get_as<toml::table>(list.substr(0, dot)))
    add_elements(out, *inner, list, list.substr(dot + 1), 0);
}

// toml++ 3.3 limits the nesting of values but not the length of dotted keys, and recurses over the tables that they
// create: a key of 100 000 parts overflows the stack. Returns the line of an absurdly long key, or 0.
std::size_t line_of_endless_key(std::string_view text) {
  constexpr std::size_t most_dots = 64;
  std::size_t line = 1, dots = 0;
  for (const char c : text) {
    dots = c == '.' ? dots + 1 : (c == '\n' || c == '=' || c == ',' || c == '#') ? 0 : dots;
    if (dots > most_dots) return line;
    if (c == '\n') ++line;
  }
  return 0;
}

std::optional<problem> unreadable(std::string_view text, const std::string& shown_as) {
  if (text.size() > longest_file)
    return problem{fmt::format("{}: the file is larger than 1 MiB", shown_as), "use the right file"};
  const auto line = line_of_endless_key(text);
  if (line == 0) return std::nullopt;
  return problem{fmt::format("{}:{}: more than 64 dots in one key or string", shown_as, line), "shorten the line"};
}

problem describe(const toml::parse_error& e, const std::string& shown_as) {
  const auto at = to_text(shown_as, place(e.source()));
  return {fmt::format("{}: {}", at, clean(e.description())),
          "correct the line; strings are quoted, and each key is on its own line"};
}

}  // namespace

std::optional<written> read_toml_value(std::string_view text) {
  if (unreadable(text, {})) return std::nullopt;
  try {
    const auto table = toml::parse("value = " + std::string(text));
    const auto* node = table.get("value");
    if (table.size() != 1 || node == nullptr) return std::nullopt;
    return value_of(*node);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

std::string to_text(const std::string& shown_as, position at) {
  return fmt::format("{}:{}:{}", shown_as, at.line, at.column);
}

bool is_table(std::string_view name) {
  const auto prefix = std::string(name) + ".";
  return std::ranges::any_of(
      keys(), [&](const auto& key) { return key.name.starts_with(prefix) || key.formerly.starts_with(prefix); });
}

bool is_list(std::string_view name) {
  return std::ranges::find(list_names(), name) != list_names().end();
}

file_contents read_toml(std::string_view text, const std::string& shown_as) {
  file_contents out;
  if (auto problem = unreadable(text, shown_as)) {
    out.problems.push_back(std::move(*problem));
    return out;
  }
  try {
    const auto table = toml::parse(text, std::string_view(shown_as));
    add_table(out, table, {});
    for (const auto list : list_names()) add_list(out, table, list);
  } catch (const toml::parse_error& e) {
    out.problems.push_back(describe(e, shown_as));
  }
  std::ranges::sort(out.keys, {}, &given::at);
  return out;
}

}  // namespace regpass::config
