#include "registry/api_path.hpp"

#include "regpass/base/text.hpp"
#include "regpass/registry/reference.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>

#include <algorithm>
#include <optional>
#include <span>

namespace regpass::registry {
namespace {

namespace urls = boost::urls;
using segments = std::span<const std::string_view>;

std::unexpected<error> malformed(std::string_view why) {
  return fail(errc::bad_message, std::string(why));
}

std::unexpected<error> unknown(std::string_view path) {
  return fail(errc::unsupported, clean(path) + " is no path of the distribution API");
}

boost::container::small_vector<std::string_view, 12> split(std::string_view path) {
  boost::container::small_vector<std::string_view, 12> out;
  while (true) {
    const auto slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

std::string joined(segments s) {
  std::string out;
  if (!s.empty()) out.reserve(static_cast<std::size_t>(s.back().end() - s.front().begin()));
  for (const auto segment : s) out.append(out.empty() ? "" : "/").append(segment);
  return out;
}

bool is_dot_segment(std::string_view s) noexcept {
  return s == "." || s == "..";
}

// An upload's state is the registry's; escapes in it may hide nothing that changes the path, decoded once or again
// (T05).
bool is_state(std::string_view text) {
  const auto escaped = urls::make_pct_string_view(text);
  if (!escaped || text.empty()) return false;
  const auto decoded = **escaped;
  const std::string plain(decoded.begin(), decoded.end());
  const auto bad = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7F || c == '/' || c == '\\' || c == ';' || c == '%';
  };
  return !is_dot_segment(plain) && std::ranges::none_of(plain, bad);
}

// Of the segments behind "/v2/". The last ones decide; nothing if they are not of the API.
std::optional<api_path> find_endpoint(segments s) {
  const auto from_end = [&](std::size_t n) { return n <= s.size() ? s[s.size() - n] : std::string_view(); };
  const auto found = [&](endpoint e, std::size_t used, std::string_view reference) {
    return api_path{e, joined(s.first(s.size() - used)), std::string(reference)};
  };
  const auto last = from_end(1);
  if (s.size() == 1 && last.empty()) return api_path{};
  if (s.size() == 1 && last == "_catalog") return found(endpoint::catalog, 1, {});
  if (s.size() >= 4 && from_end(3) == "blobs" && from_end(2) == "uploads") {
    return found(last.empty() ? endpoint::upload_start : endpoint::upload, 3, last);
  }
  if (s.size() < 3) return std::nullopt;
  if (from_end(2) == "tags" && last == "list") return found(endpoint::tags, 2, {});
  if (from_end(2) == "manifests") return found(endpoint::manifest, 2, last);
  if (from_end(2) == "blobs") return found(endpoint::blob, 2, last);
  if (from_end(2) == "referrers") return found(endpoint::referrers, 2, last);
  return std::nullopt;
}

bool has_repository(endpoint where) noexcept {
  return where != endpoint::base && where != endpoint::catalog;
}

bool fits(endpoint where, std::string_view reference) {
  switch (where) {
    case endpoint::manifest:
      return is_tag(reference) || is_digest(reference);
    case endpoint::blob:
    case endpoint::referrers:
      return is_digest(reference);
    case endpoint::upload:
      return is_state(reference);
    default:
      return true;
  }
}

}  // namespace

result<api_path> read_path(std::string_view path) {
  const auto all = split(path);
  const bool api = all.size() >= 2 && all[0].empty() && all[1] == "v2";
  if (std::ranges::any_of(all, is_dot_segment)) return malformed("dot segment in the path");
  if (!api) return unknown(path);
  if (all.size() == 2) return api_path{};  // "/v2"
  const auto behind = segments(all).subspan(2);
  const auto names = behind.first(behind.size() - 1);
  if (std::ranges::find(names, std::string_view()) != names.end()) return malformed("empty segment in the path");
  auto found = find_endpoint(behind);
  if (!found) return unknown(path);
  if (has_repository(found->endpoint) && !is_repository(found->repository))
    return malformed("malformed repository name");
  if (!fits(found->endpoint, found->reference)) return malformed("malformed tag, digest or upload");
  return *std::move(found);
}

}  // namespace regpass::registry
