#include "config/assembly.hpp"
#include "config/keys/schema.hpp"
#include "regpass/base/text.hpp"
#include "regpass/config/load.hpp"

#include <toml++/toml.h>

#include <sstream>

namespace regpass::config {
namespace {

struct as_toml {
  std::ostringstream& out;

  void operator()(bool yes) const { out << (yes ? "true" : "false"); }
  void operator()(std::int64_t number) const { out << number; }
  void operator()(const std::string& text) const { out << toml::toml_formatter{toml::value<std::string>(text), flags}; }
  template <class T>
  void operator()(const std::vector<T>& list) const {
    out << '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out << ", ";
      (*this)(list[i]);
    }
    out << ']';
  }

  static constexpr auto flags = toml::format_flags::none;  // no literal strings, so that quoting is uniform
};

// "push = ["team-a/*"]  # /etc/regpass/regpass.toml:12"
void write_key(std::ostringstream& out, std::string_view name, const value& v, const std::string& origin) {
  out << name << " = ";
  std::visit(as_toml{out}, v);
  if (!origin.empty()) out << "  # " << clean(origin);
  out << '\n';
}

void write_tables(std::ostringstream& out, const loaded& l) {
  std::string_view table;
  for (const auto& key : keys()) {
    const auto dot = key.name.find('.');
    const auto own = dot == std::string_view::npos ? std::string_view() : key.name.substr(0, dot);
    if (own != table) out << "\n[" << own << "]\n";
    table = own;
    write_key(out, key.name.substr(dot + 1), key.get(l.settings), l.origins.at(std::string(key.name)));
  }
}

template <class Owner>
void write_element(std::ostringstream& out, const loaded& l, std::string_view list, std::size_t index,
                   const Owner& element, std::span<const key<Owner>> table) {
  out << "\n[[" << list << "]]\n";
  for (const auto& key : table) {
    const auto origin = l.origins.at(element_prefix(list, index) + std::string(key.name));
    write_key(out, key.name, key.get(element), origin);
  }
}

template <class Owner>
void write_list(std::ostringstream& out, const loaded& l, std::string_view list, const std::vector<Owner>& elements,
                std::span<const key<Owner>> table) {
  for (std::size_t i = 0; i < elements.size(); ++i) write_element(out, l, list, i, elements[i], table);
}

// Each followed by its credentials, as TOML requires.
void write_registries(std::ostringstream& out, const loaded& l) {
  const auto& credentials = l.settings.credentials.of_registries;
  for (std::size_t i = 0; i < l.settings.registries.size(); ++i) {
    write_element(out, l, "registry", i, l.settings.registries[i], registry_keys());
    for (std::size_t j = 0; j < credentials.size(); ++j)
      if (credentials[j].of == i) write_element(out, l, credential_list, j, credentials[j], credential_keys());
  }
}

void write_defaults(std::ostringstream& out, const loaded& l) {
  out << "\n# Any other registry for which there is a credential:\n";
  for (const auto& key : registry_keys()) {
    if (key.kind == kind::host) continue;
    out << "#   ";
    write_key(out, key.name, key.get(l.settings.registry_defaults), {});
  }
}

}  // namespace

std::string show(const loaded& l) {
  std::ostringstream out;
  write_tables(out, l);
  write_list(out, l, "mirror", l.settings.mirrors, mirror_keys());
  write_list(out, l, provider_list, l.settings.credentials.kubelet_providers, provider_keys());
  write_registries(out, l);
  write_defaults(out, l);
  return out.str();
}

}  // namespace regpass::config
