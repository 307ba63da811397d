#include "regpass/auth/host_pattern.hpp"

#include "regpass/base/text.hpp"
#include "regpass/registry/host.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace regpass::auth {
namespace {

constexpr std::string_view wildcards = "*?[";
constexpr std::string_view pattern_characters = "abcdefghijklmnopqrstuvwxyz0123456789-_.*?[]^!";

struct pattern_parts {
  std::string_view host;
  std::string_view port;
  bool has_port = false;
};

pattern_parts split(std::string_view text) noexcept {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return {text, {}, false};
  return {text.substr(0, colon), text.substr(colon + 1), true};
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc{} && end == text.data() + text.size() && port > 0;
}

std::string_view first_label(std::string_view host) noexcept {
  return host.substr(0, host.find('.'));
}

bool has_open_bracket(std::string_view label) noexcept {
  const auto open = label.rfind('[');
  return open != std::string_view::npos && label.find(']', open + 1) == std::string_view::npos;
}

// The labels that follow the leading ones with wildcards.
std::string_view literal_suffix(std::string_view host) noexcept {
  while (has_wildcard(first_label(host))) {
    const auto dot = host.find('.');
    if (dot == std::string_view::npos) return {};
    host.remove_prefix(dot + 1);
  }
  return host;
}

bool is_wildcard_alone(std::string_view label) noexcept {
  return !label.empty() && label.find_first_not_of("*?") == std::string_view::npos;
}

// Whether the pattern matches every host below a public suffix: nothing but bare wildcards precedes it.
bool covers_public_suffix(std::string_view host) {
  const auto suffix = literal_suffix(host);
  if (suffix.empty() && host.find('.') == std::string_view::npos) return false;  // a local name
  auto leading = host.substr(0, host.size() - suffix.size());
  while (!leading.empty()) {
    const auto label = first_label(leading);
    if (!is_wildcard_alone(label)) return false;
    leading.remove_prefix(std::min(label.size() + 1, leading.size()));
  }
  return suffix.empty() || registry::is_public_suffix(suffix);
}

}  // namespace

bool has_wildcard(std::string_view text) noexcept {
  return text.find_first_of(wildcards) != std::string_view::npos;
}

bool labels_match(std::string_view pattern, std::string_view host) {
  while (true) {
    const auto label = first_label(pattern);
    const auto name = first_label(host);
    if (::fnmatch(std::string(label).c_str(), std::string(name).c_str(), FNM_NOESCAPE) != 0) return false;
    const bool last = label.size() == pattern.size();
    if (last || name.size() == host.size()) return last && name.size() == host.size();
    pattern.remove_prefix(label.size() + 1);
    host.remove_prefix(name.size() + 1);
  }
}

std::string host_pattern_flaw(std::string_view text) {
  const auto lowered = lower(text);
  const auto [host, port, has_port] = split(lowered);
  if (has_port && !is_port(port)) return fmt::format("\"{}\" is no port", clean(port, 64));
  if (host.find_first_not_of(pattern_characters) != std::string_view::npos) {
    return fmt::format("\"{}\" is neither a host nor a pattern of hosts", clean(text, 128));
  }
  for (auto rest = host;;) {
    const auto label = first_label(rest);
    if (label.empty()) return fmt::format("\"{}\" has an empty label", clean(text, 128));
    if (has_open_bracket(label)) return fmt::format("'[' without ']' in \"{}\"", clean(text, 128));
    if (label.size() == rest.size()) break;
    rest.remove_prefix(label.size() + 1);
  }
  if (!covers_public_suffix(host)) return {};
  return fmt::format("\"{}\" would give the credential to hosts that anybody can register; write the domain out",
                     clean(text, 128));
}

std::string domain_of_pattern(std::string_view pattern) {
  const auto suffix = literal_suffix(split(pattern).host);
  return has_wildcard(suffix) ? std::string() : std::string(suffix);
}

std::size_t literal_length(std::string_view pattern) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      pattern, [](char c) { return std::string_view("*?[]^!").find(c) == std::string_view::npos; }));
}

}  // namespace regpass::auth
