#include "regpass/explain/annotate.hpp"

#include "regpass/base/text.hpp"
#include "regpass/registry/error_body.hpp"

#include <algorithm>
#include <array>

namespace regpass::explain {
namespace {

constexpr std::size_t longest_line = 200;  // what every client prints whole
constexpr std::size_t longest_id = 64;
constexpr std::size_t longest_name = 64;
constexpr std::string_view gap = " ... ";

// The word that looks most like a file's path: the longest that begins with '/', brackets and punctuation around it
// aside.
std::string_view path_in(std::string_view text) {
  std::string_view longest;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    auto word = text.substr(at, end - at);
    if (word.starts_with('(')) word.remove_prefix(1);
    while (!word.empty() && std::string_view(",;:)").find(word.back()) != std::string_view::npos) word.remove_suffix(1);
    if (word.starts_with('/') && word.size() > longest.size()) longest = word;
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

// The registry's name stands at the beginning of a sentence, the credential's path anywhere: what is between them goes
// first.
std::string fitted(std::string_view text, std::size_t cap) {
  constexpr std::size_t shortest_start = 48;
  if (text.size() <= cap) return std::string(text);
  const auto path = path_in(text);
  const auto path_end = path.empty() ? 0 : static_cast<std::size_t>(path.data() - text.data()) + path.size();
  const bool path_is_lost = path_end + gap.size() > cap;
  if (path_is_lost && path.size() + gap.size() + shortest_start <= cap) {
    return std::string(whole_words(text, cap - path.size() - gap.size())) + std::string(gap) + std::string(path);
  }
  return std::string(whole_words(text, cap - gap.size())) + " ...";
}

std::string with_id(std::string_view text, std::string_view id) {
  const auto tail = " [regpass " + ascii_line(id, longest_id) + "]";
  // Escaping makes text up to four times as long, so it comes before measuring.
  const auto line = ascii_line(text, text.size() * 4);
  return fitted(line, longest_line - tail.size()) + tail;
}

int client_status(int status) noexcept {
  if (status == 401) return 403;
  return status >= 400 && status <= 599 ? status : 502;
}

annotated make(int status, std::string reason, std::string_view message, std::string_view id,
               const http::fields& original) {
  annotated out;
  out.head.status = client_status(status);
  out.head.reason = std::move(reason);
  out.body = registry::write_error(registry::code_for(out.head.status), message);
  for (const auto* name : {"Docker-Distribution-Api-Version", "Retry-After", "Date"}) {
    if (const auto value = original.get(name)) out.head.headers.add(name, *value);
  }
  out.head.headers.add("Content-Type", "application/json");
  out.head.headers.add("Content-Length", std::to_string(out.body.size()));
  out.head.headers.add("X-Regpass-Id", ascii_line(id, longest_id));
  return out;
}

}  // namespace

std::string one_line(const explanation& x, std::string_view id) {
  return with_id(x.summary, id);
}

annotated make_error(int status, const explanation& x, std::string_view id, const http::fields& original) {
  const auto line = one_line(x, id);
  auto out = make(status, line, line, id, original);
  out.head.headers.add("X-Regpass-Cause", ascii_line(x.cause, longest_name));
  return out;
}

annotated make_plain_error(int status, std::string_view message, std::string_view id) {
  const auto phrase = http::reason_phrase(client_status(status));
  return make(status, std::string(phrase), with_id(message, id), id, {});
}

}  // namespace regpass::explain
