#include "diagnosis/present/fit_sentence.hpp"

#include "diagnosis/present/wording.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

namespace regpass::diagnosis {
namespace {

using names = explanation::names;

constexpr std::string_view gap = " ... ";

// Names of this length stand as they are.
constexpr std::size_t short_name = 20;

// ".../registry-push/config.json": the last `count` parts.
std::string tail_of(std::string_view path, int count) {
  auto at = path.size();
  while (count-- > 0 && at != std::string_view::npos && at > 0) at = path.rfind('/', at - 1);
  if (at == std::string_view::npos || at == 0) return std::string(path);
  return "..." + std::string(path.substr(at));
}

// "harbor...:8443": of a host's name the first label, and its port.
std::string first_label(std::string_view host) {
  const auto dot = host.find('.');
  const auto colon = host.rfind(':');
  if (dot == std::string_view::npos || host.size() <= short_name) return std::string(host);
  const auto port = colon == std::string_view::npos ? std::string_view() : host.substr(colon);
  return std::string(host.substr(0, dot)) + "..." + std::string(port);
}

void replace_from(std::string& text, std::size_t at, std::string_view what, std::string_view with) {
  if (what.empty()) return;
  for (at = text.find(what, at); at != std::string::npos; at = text.find(what, at + with.size())) {
    // A line for the configuration is there to be copied.
    const bool to_copy = at >= 2 && text.compare(at - 2, 2, "[\"") == 0;
    if (!to_copy) text.replace(at, what.size(), with);
    if (to_copy) ++at;
  }
}

// The client says itself what it was doing: "; the push to team-a/app was refused".
void drop_activity(std::string& text, const names& parts) {
  constexpr std::size_t longest_verb = 24;
  const auto at = parts.activity.empty() ? std::string::npos : text.rfind("; " + parts.activity);
  if (at != std::string::npos && text.size() - at - 2 - parts.activity.size() <= longest_verb) text.resize(at);
}

// The sentence has named the registry already.
void drop_table(std::string& text, const names& parts) {
  const auto place = " under [[registry]] host = \"" + parts.host + '"';
  if (text.starts_with(parts.host) && text.ends_with(place)) text.resize(text.size() - place.size());
}

// The other registries are in the evidence, too.
void drop_entries(std::string& text, const names&) {
  for (const std::string_view list : {": there are entries for ", ": there is no entry for any registry"}) {
    if (const auto at = text.rfind(list); at != std::string::npos) text.resize(at);
  }
}

void drop_missing_login(std::string& text, const names&) {
  if (const auto at = text.rfind("; there is no credential for "); at != std::string::npos) text.resize(at);
}

void shorten_repository(std::string& text, const names& parts) {
  if (parts.repository.size() > short_name) replace_from(text, 0, parts.repository, tail_of(parts.repository, 1));
}

template <class How>
void each_path(std::string& text, How how) {
  constexpr std::string_view punctuation = ",;:)";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = text[at] == '/' && (at == 0 || text[at - 1] == ' ' || text[at - 1] == '(');
    const bool abbreviated = text.compare(at, 4, ".../") == 0 && (at == 0 || text[at - 1] != '.');
    if (!begins && !abbreviated) continue;
    auto end = std::min(text.find(' ', at), text.size());
    while (end > at && punctuation.find(text[end - 1]) != std::string_view::npos) --end;
    const auto with = how(std::string_view(text).substr(at, end - at));
    text.replace(at, end - at, with);
    at += with.size();
  }
}

template <int parts_kept>
void shorten_paths(std::string& text, const names&) {
  each_path(text, [](std::string_view path) {
    return path.size() > short_name ? tail_of(path, parts_kept) : std::string(path);
  });
}

// A token server's address is known by its beginning and end.
void shorten_urls(std::string& text, const names&) {
  constexpr std::size_t longest_url = 40;
  for (auto at = text.find("https://"); at != std::string::npos; at = text.find("https://", at + 1)) {
    const auto end = std::min(text.find_first_of(" ,;\")", at), text.size());
    const bool to_copy = at > 0 && text[at - 1] == '"';
    if (!to_copy)
      text.replace(at, end - at, words::shortened(std::string_view(text).substr(at, end - at), longest_url));
  }
}

// "(looked at /a, /b and /c)"
void shorten_search(std::string& text, const names&) {
  const auto at = text.find("(looked at ");
  const auto comma = text.find(", ", at);
  const auto end = text.find(')', at);
  if (at != std::string::npos && comma != std::string::npos && comma < end) text.replace(comma, end - comma, ", ...");
}

// What others said, to whole words.
template <std::size_t cap>
void shorten_quotes(std::string& text, const names&) {
  for (auto open = text.find('"'); open != std::string::npos;) {
    const auto close = text.find('"', open + 1);
    if (close == std::string::npos) return;
    const auto quoted = std::string_view(text).substr(open + 1, close - open - 1);
    auto next = close + 1;
    if (quoted.size() > cap && quoted.find(' ') < cap) {
      const auto kept = quoted.rfind(' ', cap - 3);
      text.replace(open + 1 + kept, quoted.size() - kept, "...");
      next = open + kept + 5;
    }
    open = text.find('"', next);
  }
}

// The name without its port, since certificates and resolvers speak of that.
std::string_view without_port(std::string_view host) {
  return host.substr(0, std::min(host.rfind(':'), host.size()));
}

void shorten_host_from(std::string& text, std::size_t at, const names& parts) {
  replace_from(text, at, parts.host, first_label(parts.host));
  const auto bare = without_port(parts.host);
  replace_from(text, at, bare, first_label(bare));
}

void shorten_later_hosts(std::string& text, const names& parts) {
  const auto first = text.find(parts.host);
  if (first != std::string::npos) shorten_host_from(text, first + parts.host.size(), parts);
}

void shorten_user(std::string& text, const names& parts) {
  if (parts.user.size() > short_name) replace_from(text, 0, parts.user, words::shortened(parts.user, short_name));
}

void shorten_hosts(std::string& text, const names& parts) {
  shorten_host_from(text, 0, parts);
  replace_from(text, 0, parts.token_server, first_label(parts.token_server));
}

// "the push to team-a/app" is "the push".
void shorten_activity(std::string& text, const names& parts) {
  const auto the = parts.activity.find(' ');
  const auto verb = parts.activity.substr(0, parts.activity.find(' ', the + 1));
  if (the == std::string::npos || parts.repository.empty() || !parts.activity.ends_with(parts.repository)) return;
  replace_from(text, 0, parts.activity, verb);
  const auto start = parts.activity.substr(0, parts.activity.size() - parts.repository.size());
  replace_from(text, 0, start + tail_of(parts.repository, 1), verb);
}

// " (token server auth.test)" at the end.
void drop_token_server(std::string& text, const names& parts) {
  const auto end = " (token server " + parts.token_server + ")";
  const auto at = text.rfind(end);
  if (at != std::string::npos && at + end.size() == text.size()) text.resize(at);
}

// A file that is named twice.
void drop_repeated_path(std::string& text, const names&) {
  std::string path;
  each_path(text, [&](std::string_view found) {
    if (path.empty()) path = found;
    return std::string(found);
  });
  const auto first = path.empty() ? std::string::npos : text.find(path);
  const auto again = first == std::string::npos ? first : text.find(" in " + path, first + path.size());
  if (again != std::string::npos) text.erase(again, path.size() + 4);
}

// What they said goes rather than what it means.
void drop_said(std::string& text, const names&) {
  const auto at = text.rfind(" it says \"");
  if (at != std::string::npos && at > 0 && text.ends_with('"')) text.resize(at - 1);
}

// Least useful first.
constexpr std::array<void (*)(std::string&, const names&), 20> shortenings{
    drop_entries,     drop_table,          drop_activity,      drop_token_server,   shorten_repository,
    shorten_search,   shorten_quotes<100>, shorten_paths<2>,   shorten_later_hosts, shorten_quotes<64>,
    shorten_activity, shorten_paths<1>,    shorten_urls,       shorten_user,        shorten_quotes<40>,
    shorten_hosts,    shorten_quotes<24>,  drop_repeated_path, drop_said,           drop_missing_login,
};

// The word that looks most like a file's path: the longest that begins with '/', or did before it was shortened;
// brackets and punctuation around it aside.
std::string_view path_in(std::string_view text) {
  std::string_view longest;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    auto word = text.substr(at, end - at);
    if (word.starts_with('(')) word.remove_prefix(1);
    while (!word.empty() && std::string_view(",;:)").find(word.back()) != std::string_view::npos) word.remove_suffix(1);
    const bool is_path = word.starts_with('/') || word.starts_with(".../");
    if (is_path && word.size() > longest.size()) longest = word;
    at = end + 1;
  }
  return longest;
}

// Ends at a blank where there is one near.
std::string_view whole_words(std::string_view text, std::size_t cap) {
  if (text.size() <= cap) return text;
  const auto blank = text.rfind(' ', cap);
  return text.substr(0, blank == std::string_view::npos || blank * 2 < cap ? cap : blank);
}

std::string cut_off(std::string_view text, std::size_t cap) {
  constexpr std::size_t shortest_start = 48;
  const auto path = path_in(text);
  const auto path_end = path.empty() ? 0 : static_cast<std::size_t>(path.data() - text.data()) + path.size();
  const bool path_is_lost = path_end + gap.size() > cap;
  if (path_is_lost && path.size() + gap.size() + shortest_start <= cap) {
    return std::string(whole_words(text, cap - path.size() - gap.size())) + std::string(gap) + std::string(path);
  }
  return std::string(whole_words(text, cap - gap.size())) + " ...";
}

}  // namespace

std::string fit_sentence(std::string text, const names& parts, std::size_t cap) {
  for (const auto& shorten : shortenings) {
    if (text.size() <= cap) return text;
    shorten(text, parts);
  }
  return text.size() <= cap ? text : cut_off(text, cap);
}

}  // namespace regpass::diagnosis
