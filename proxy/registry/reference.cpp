#include "regpass/registry/reference.hpp"

#include "regpass/base/text.hpp"

#include <algorithm>
#include <utility>

namespace regpass::registry {
namespace {

constexpr std::size_t longest_repository = 255;
constexpr std::size_t longest_tag = 128;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_lower_alnum(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z');
}
bool is_word(char c) noexcept {
  return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_lower_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_separator(std::string_view text) noexcept {
  return text == "." || text == "_" || text == "__" || text.find_first_not_of('-') == std::string_view::npos;
}

// alphanumeric [separator alphanumeric]*
bool is_component(std::string_view text) noexcept {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  while (true) {
    const auto separator = std::ranges::find_if_not(text, is_lower_alnum);
    if (separator == text.end()) return true;
    const auto next = std::find_if(separator, text.end(), is_lower_alnum);
    if (!is_separator({separator, next})) return false;
    text = {next, text.end()};
  }
}

bool is_hex_of(std::string_view text, std::string_view algorithm, std::size_t digits) noexcept {
  if (!text.starts_with(algorithm)) return false;
  text.remove_prefix(algorithm.size());
  return text.size() == digits && std::ranges::all_of(text, is_lower_hex);
}

std::unexpected<error> refuse(std::string_view why, std::string_view text) {
  return fail(errc::bad_input, std::string(why) + ": \"" + clean(text) + "\"");
}

// Docker's rule for the part before the first slash.
bool looks_like_host(std::string_view first) noexcept {
  return first.find_first_of(".:") != std::string_view::npos || first == "localhost";
}

// "registry.test:5443/app" to its two parts; the Docker rule tells a host from a first path component.
std::pair<std::string_view, std::string_view> split_host(std::string_view name) noexcept {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return {"docker.io", name};
  const auto first = name.substr(0, slash);
  if (!looks_like_host(first)) return {"docker.io", name};
  return {first, name.substr(slash + 1)};
}

// Cuts the part behind the last `mark` off, if that comes behind the last slash.
std::optional<std::string> cut_behind(std::string_view& text, char mark) {
  const auto at = text.rfind(mark);
  const auto slash = text.rfind('/');
  if (at == std::string_view::npos || (slash != std::string_view::npos && at < slash)) return std::nullopt;
  std::string behind(text.substr(at + 1));
  text = text.substr(0, at);
  return behind;
}

}  // namespace

bool is_repository(std::string_view text) noexcept {
  if (text.size() > longest_repository) return false;
  while (true) {
    const auto slash = text.find('/');
    if (!is_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_tag(std::string_view text) noexcept {
  if (text.empty() || text.size() > longest_tag || !is_word(text.front())) return false;
  return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) noexcept {
  return is_hex_of(text, "sha256:", 64) || is_hex_of(text, "sha512:", 128);
}

result<reference> parse_reference(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return refuse("an image reference has no scheme", text);
  auto rest = text;
  reference out;
  out.digest = cut_behind(rest, '@');
  if (out.digest && !is_digest(*out.digest)) return refuse("no digest behind '@'", text);
  out.tag = cut_behind(rest, ':');
  if (out.tag && !is_tag(*out.tag)) return refuse("no tag behind ':'", text);
  if (!out.tag && !out.digest) out.tag = "latest";
  const auto [name, repository] = split_host(rest);
  auto found = parse_host(name);
  if (!found) return std::unexpected(found.error());
  out.host = *std::move(found);
  const bool official = is_docker_hub(out.host) && repository.find('/') == std::string_view::npos;
  out.repository = std::string(official ? "library/" : "").append(repository);
  if (!is_repository(repository) || !is_repository(out.repository)) {
    return refuse(lower(repository) == repository ? "no repository name" : "repository names are lower case", text);
  }
  return out;
}

std::string to_text(const reference& r) {
  auto out = to_text(r.host);
  if (!looks_like_host(out)) out += ":" + std::to_string(r.host.port);  // "registry." is a host, "registry" is none
  out += "/" + r.repository;
  if (r.tag) out += ":" + *r.tag;
  if (r.digest) out += "@" + *r.digest;
  return out;
}

}  // namespace regpass::registry
