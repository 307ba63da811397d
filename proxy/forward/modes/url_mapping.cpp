#include "forward/modes/url_mapping.hpp"

#include <fmt/format.h>

#include <vector>

namespace regpass::forward {

namespace {

constexpr std::string_view api = "/v2/";

// With a scheme, or a network-path reference (RFC 3986 section 4.2).
bool names_origin(std::string_view reference) {
  const auto end = reference.find_first_of(":/?#");
  const bool scheme = end != std::string_view::npos && reference[end] == ':';
  return scheme || reference.starts_with("//");
}

// Registries that add their port to the wrong scheme send http://host:443 and http://host:5443.
bool is_registry(const http::origin& own, const http::origin& named) {
  if (named == own) return true;
  if (own.scheme != "https" || named.scheme != "http" || named.host != own.host) return false;
  return named.port == own.port || (named.port == 80 && own.port == 443);
}

std::string with_prefix(const facade& as, std::string_view target) {
  if (as.prefix.empty()) return std::string(target);
  if (as.prefix_behind_v2 && target.starts_with(api))
    return std::string(api) + as.prefix + std::string(target.substr(api.size() - 1));
  return "/" + as.prefix + std::string(target);
}

// A host as a query's value: of the characters in names, addresses and ports only these need escaping (RFC 3986
// section 2.2).
std::string escaped(std::string_view host) {
  std::string out;
  for (const char c : host) out += c == ':' ? "%3A" : c == '[' ? "%5B" : c == ']' ? "%5D" : std::string(1, c);
  return out;
}

// The reference that makes the client send a request for `target` back to regpass.
std::string outward(const facade& as, std::string_view target) {
  auto out = with_prefix(as, target);
  if (as.selected.empty()) return out;
  return out + (out.find('?') == std::string::npos ? "?" : "&") + "ns=" + escaped(as.selected);
}

// The text with each target between < and > rewritten, except inside quotes, which enclose parameter values.
std::string rewritten_link(const facade& as, std::string_view asked, std::string_view text) {
  std::string out;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') quoted = !quoted;
    out += c;
    if (quoted && c == '\\' && at + 1 < text.size()) out += text[++at];
    if (quoted || c != '<') continue;
    const auto end = text.find('>', at);
    if (end == std::string_view::npos) return out + std::string(text.substr(at + 1));
    out += rewritten(as, asked, text.substr(at + 1, end - at - 1));
    at = end - 1;
  }
  return out;
}

// The reference as a client follows it: without the fragment, and with bytes escaped that no URL may contain.
std::string as_followed(std::string_view reference) {
  constexpr std::string_view never_raw = " \"<>\\^`{|}";
  std::string out;
  bool in_query = false;
  for (const char c : reference.substr(0, reference.find('#'))) {
    const auto byte = static_cast<unsigned char>(c);
    in_query = in_query || c == '?';
    const bool bracket = in_query && (c == '[' || c == ']');  // elsewhere they enclose an IPv6 address
    const bool raw = byte > ' ' && byte < 0x7f && !bracket && never_raw.find(c) == std::string_view::npos;
    if (raw) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

template <class Rewrite>
void rewrite_all(http::fields& of, std::string_view name, const Rewrite& rewrite) {
  std::vector<std::string> values;
  bool changed = false;
  for (const auto value : of.all(name)) {
    values.push_back(rewrite(value));
    changed = changed || values.back() != value;
  }
  if (!changed) return;
  of.erase(name);
  for (const auto& value : values) of.add(name, value);
}

}  // namespace

std::optional<std::string> own_target(const http::origin& registry, std::string_view asked,
                                      std::string_view reference) {
  auto found = http::resolve(http::absolute_url{registry, std::string(asked)}, as_followed(reference));
  if (!found || !is_registry(registry, found->origin)) return std::nullopt;
  return std::move(found->target);
}

std::string rewritten(const facade& as, std::string_view asked, std::string_view reference) {
  const bool absolute = names_origin(reference);
  // The client resolves it against its own request, which has the same path.
  const bool resolves_right = !absolute && as.prefix.empty() && as.selected.empty();
  const auto target = resolves_right ? std::nullopt : own_target(as.registry, asked, reference);
  if (!target) return std::string(reference);
  if (!absolute) return outward(as, *target);
  const auto followed = http::resolve(http::absolute_url{as.shown, std::string(asked)}, as_followed(reference));
  const bool leads_there = as.shown == as.registry && followed && followed->origin == as.shown;
  return leads_there ? std::string(reference) : http::to_text(as.shown) + outward(as, *target);
}

void rewrite_references(http::fields& of, const facade& as, std::string_view asked) {
  rewrite_all(of, "Location", [&](std::string_view value) { return rewritten(as, asked, value); });
  rewrite_all(of, "Link", [&](std::string_view value) { return rewritten_link(as, asked, value); });
}

}  // namespace regpass::forward
