#include "regpass/registry/host.hpp"

#include "regpass/base/host_name.hpp"

#include <fmt/format.h>
#include <libpsl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::registry {
namespace {

constexpr std::string_view hub = "docker.io";
constexpr std::string_view hub_api = "registry-1.docker.io";
constexpr std::array<std::string_view, 4> hub_names{hub, hub_api, "index.docker.io", "registry.hub.docker.com"};

bool is_address(std::string_view name) noexcept {
  return name.find_first_not_of("0123456789.") == std::string_view::npos || name.find(':') != std::string_view::npos;
}

}  // namespace

result<host> parse_host(std::string_view text) {
  const auto parts = parse_host_port(text, 443);
  if (!parts) return std::unexpected(parts.error());
  return make_host(parts->host, parts->port);
}

host make_host(std::string_view canonical_name, std::uint16_t port) {
  const bool alias = port == 443 && std::ranges::find(hub_names, canonical_name) != hub_names.end();
  return {std::string(alias ? hub : canonical_name), port};
}

std::string to_text(const host& h) {
  const auto name = h.name.find(':') == std::string::npos ? h.name : "[" + h.name + "]";
  return h.port == 443 ? name : fmt::format("{}:{}", name, h.port);
}

std::string api_name(const host& h) {
  return is_docker_hub(h) ? std::string(hub_api) : h.name;
}

bool is_docker_hub(const host& h) noexcept {
  return h.name == hub && h.port == 443;
}

std::string registrable_domain(std::string_view name) {
  std::string text(name);
  const auto* list = psl_builtin();
  if (list == nullptr || is_address(name)) return text;
  const auto* domain = psl_registrable_domain(list, text.c_str());
  return domain != nullptr ? domain : text;
}

bool is_public_suffix(std::string_view name) {
  const auto* list = psl_builtin();
  const auto text = std::string(name);
  return list != nullptr && psl_is_public_suffix2(list, text.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

}  // namespace regpass::registry
