#include "regpass/http/origin.hpp"

#include "regpass/base/host_name.hpp"
#include "regpass/base/text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace regpass::http {
namespace {

namespace urls = boost::urls;

std::unexpected<error> refuse(std::string_view reason, std::string_view text) {
  return fail(errc::bad_input, fmt::format("{}: \"{}\"", reason, masked_url(clean(text))));
}

std::string_view scheme_of(std::string_view url) noexcept {
  for (const std::string_view scheme : {"https", "http"}) {
    if (iequals(url.substr(0, scheme.size()), scheme) && url.substr(scheme.size()).starts_with("://")) return scheme;
  }
  return {};
}

bool has_scheme(std::string_view reference) noexcept {
  const auto end = reference.find_first_of(":/?#");
  return end != std::string_view::npos && reference[end] == ':';
}

// What follows the authority, as an origin-form target.
result<std::string> target_of(std::string_view rest, std::string_view text) {
  if (rest.find('#') != std::string_view::npos) return refuse("a fragment is not allowed", text);
  auto target = std::string(rest.starts_with('/') ? "" : "/").append(rest);
  if (!urls::parse_origin_form(target)) return refuse("not a URL", text);
  return target;
}

// RFC 3986 section 5.2.4 on a path that begins with a slash. Boost.URL's normalisation would also decode escapes, and
// the URL of an upload must come back to the registry as it was written.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool directory = false;  // the last segment was a dot segment: the path ends in a slash
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    directory = segment == "." || segment == "..";
    if (!directory) kept.push_back(segment);
    if (segment == ".." && !kept.empty()) kept.pop_back();
  }
  std::string out;
  for (const auto segment : kept) out.append("/").append(segment);
  return directory || out.empty() ? out + "/" : out;
}

std::string_view path_of(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

// RFC 3986 section 5.2.2 for a reference without scheme and authority.
std::string transform(std::string_view base_target, const urls::url_view& reference) {
  const std::string path(reference.encoded_path());
  const auto query = reference.has_query() ? "?" + std::string(reference.encoded_query()) : std::string();
  if (path.empty()) return reference.has_query() ? std::string(path_of(base_target)) + query : std::string(base_target);
  if (path.starts_with('/')) return without_dot_segments(path) + query;
  const auto base_path = path_of(base_target);
  return without_dot_segments(std::string(base_path.substr(0, base_path.rfind('/') + 1)) + path) + query;
}

}  // namespace

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "https") return 443;
  return scheme == "http" ? 80 : 0;
}

std::string authority(const origin& o) {
  const bool v6 = o.host.find(':') != std::string::npos;
  auto out = v6 ? "[" + o.host + "]" : o.host;
  if (o.port != default_port(o.scheme)) out += fmt::format(":{}", o.port);
  return out;
}

std::string to_text(const origin& o) {
  return o.scheme + "://" + authority(o);
}

result<authority_parts> parse_authority(std::string_view text, std::uint16_t fallback) {
  auto parts = parse_host_port(text, fallback);
  if (!parts) return std::unexpected(parts.error());
  return authority_parts{std::move(parts->host), parts->port};
}

result<absolute_url> parse_absolute(std::string_view text) {
  const auto scheme = scheme_of(text);
  if (scheme.empty()) return refuse("not an absolute http or https URL", text);
  auto rest = text.substr(scheme.size() + std::string_view("://").size());
  const auto authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  auto parts = parse_host_port(rest.substr(0, authority_end), default_port(scheme));
  if (!parts) return std::unexpected(parts.error());
  auto target = target_of(rest.substr(authority_end), text);
  if (!target) return std::unexpected(target.error());
  return absolute_url{{std::string(scheme), std::move(parts->host), parts->port}, *std::move(target)};
}

result<absolute_url> resolve(const absolute_url& base, std::string_view reference) {
  if (has_scheme(reference) || reference.starts_with("//")) {
    const auto prefix = has_scheme(reference) ? "" : base.origin.scheme + ":";
    auto found = parse_absolute(prefix + std::string(reference));
    if (!found) return found;
    const auto path = std::string(path_of(found->target));
    found->target.replace(0, path.size(), without_dot_segments(path));
    return found;
  }
  const auto url = urls::parse_relative_ref(reference);
  if (!url) return refuse("not a URL", reference);
  if (url->has_fragment()) return refuse("a fragment is not allowed", reference);
  return absolute_url{base.origin, transform(base.target, *url)};
}

}  // namespace regpass::http
