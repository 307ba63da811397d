// Credentials that can be recognised without knowing them.
#include "regpass/base/secret_mask.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>

namespace regpass {
namespace {

constexpr std::string_view mask = "***";
constexpr std::size_t shortest_token = 16;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_token_letter(char c) noexcept {
  return is_letter(c) || is_digit(c) || std::string_view("-._~+/=").find(c) != std::string_view::npos;
}
bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::size_t end_of_token(std::string_view text, std::size_t from) {
  while (from < text.size() && is_token_letter(text[from])) ++from;
  return from;
}

// No word of a language: letters and digits, or both letter cases in the middle of it.
bool is_mixed(std::string_view word) {
  const bool digits = std::ranges::any_of(word, is_digit);
  const bool letters = std::ranges::any_of(word, is_letter);
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool inner_upper = word.size() > 1 && std::ranges::any_of(word.substr(1), upper);
  return (digits && letters) || (inner_upper && std::ranges::any_of(word, lower));
}

// Where a URL ends that begins in this text.
std::size_t end_of_url(std::string_view text) {
  return std::min(text.find_first_of(" \t\r\n\"'<>`"), text.size());
}

std::string mask_urls(std::string_view text) {
  std::string out;
  for (;;) {
    const auto mark = text.find("://");
    if (mark == std::string_view::npos) return out.append(text);
    auto begin = mark;
    while (begin > 0 && (is_letter(text[begin - 1]) || is_digit(text[begin - 1]))) --begin;
    out.append(text.substr(0, begin));
    text.remove_prefix(begin);
    const auto end = end_of_url(text);
    out.append(masked_url(text.substr(0, end)));
    text.remove_prefix(end);
  }
}

// What follows "Bearer " or "Basic ", when it is a credential and not a word.
std::string mask_scheme(std::string_view text, std::string_view scheme) {
  std::string out;
  std::size_t done = 0;
  const auto low = lower(text);
  for (auto at = low.find(scheme); at != std::string::npos; at = low.find(scheme, at + 1)) {
    const auto begin = at + scheme.size();
    const auto end = end_of_token(text, begin);
    if (at < done || end - begin < shortest_token || !is_mixed(text.substr(begin, end - begin))) continue;
    out.append(text.substr(done, begin - done)).append(mask);
    done = end;
  }
  return out.append(text.substr(done));
}

// A JSON Web Token begins with the base64url of `{"`.
std::string mask_tokens(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  std::size_t end = 0;
  for (auto at = text.find("eyJ"); at != std::string_view::npos; at = text.find("eyJ", end)) {
    end = end_of_token(text, at);
    if (end - at < shortest_token) continue;
    out.append(text.substr(done, at - done)).append(mask);
    done = end;
  }
  return out.append(text.substr(done));
}

constexpr std::array<std::string_view, 5> password_words{"pass", "pwd", "secret", "private", "access_key"};
constexpr std::array<std::string_view, 5> other_words{"token", "key", "auth", "credential", "session"};

enum class hint : std::uint8_t { none, perhaps, surely };

hint hint_of(std::string_view word) {
  const auto low = lower(word);
  const auto in = [&](std::string_view term) { return low.find(term) != std::string::npos; };
  if (std::ranges::any_of(password_words, in)) return hint::surely;
  return std::ranges::any_of(other_words, in) ? hint::perhaps : hint::none;
}

bool is_word_letter(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

// The separator between a name and its value: blanks, quotes, "=", ":" and "is".
struct gap {
  std::size_t end = 0;
  bool assigns = false;  // "=" or ":" was there
};

gap gap_at(std::string_view text, std::size_t from) {
  gap found{from, false};
  while (found.end < text.size()) {
    const char c = text[found.end];
    if (c == '=' || c == ':') found.assigns = true;
    if (!is_blank(c) && std::string_view("=:\"'`>").find(c) == std::string_view::npos) break;
    ++found.end;
  }
  const auto rest = text.substr(found.end);
  if (found.end > from && rest.starts_with("is ") && !found.assigns) found.end += 3;
  return found;
}

std::size_t end_of_value(std::string_view text, std::size_t from) {
  const bool quoted = from > 0 && std::string_view("\"'`").find(text[from - 1]) != std::string_view::npos;
  if (quoted) return std::min(text.find(text[from - 1], from), text.size());
  return std::min(text.find_first_of(" \t\r\n,;\"'`<>}])", from), text.size());
}

bool is_value(std::string_view text, hint kind, bool assigned) {
  if (text.empty() || text == mask) return false;
  if (kind == hint::surely && assigned) return true;
  const bool odd = !std::ranges::all_of(text, [](char c) { return is_letter(c) || c == '.' || c == '-'; });
  return odd || is_mixed(text);
}

std::string mask_named(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && is_word_letter(text[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    const auto kind = hint_of(text.substr(at, end - at));
    const auto between = kind == hint::none ? gap{} : gap_at(text, end);
    at = end;
    if (kind == hint::none || between.end == end) continue;
    const auto value_end = end_of_value(text, between.end);
    if (!is_value(text.substr(between.end, value_end - between.end), kind, between.assigns)) continue;
    out.append(text.substr(done, between.end - done)).append(mask);
    done = at = value_end;
  }
  return out.append(text.substr(done));
}

constexpr std::size_t shortest_password = 6;

bool is_joint(char c) noexcept {
  return c == '_' || c == '-';
}

// Keys, tokens and passwords that nothing announces.
std::string mask_runs(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && is_word_letter(text[end])) ++end;
    const auto run = text.substr(at, end - at);
    if (run.empty()) {
      out += text[at++];
      continue;
    }
    const bool is_password = run.size() >= shortest_password && std::ranges::any_of(run, is_digit) &&
                             std::ranges::any_of(run, is_letter) && std::ranges::none_of(run, is_joint);
    out.append(is_password || (run.size() >= shortest_token && is_mixed(run)) ? mask : run);
    at = end;
  }
  return out;
}

}  // namespace

std::string mask_recognisable(std::string_view text) {
  const bool may_hold_any = text.find("://") != std::string_view::npos || text.find("eyJ") != std::string_view::npos ||
                            text.size() >= shortest_token;
  if (!may_hold_any) return std::string(text);
  return mask_tokens(mask_scheme(mask_scheme(mask_urls(text), "bearer "), "basic "));
}

std::string mask_printed(std::string_view text) {
  return mask_runs(mask_named(mask_recognisable(text)));
}

}  // namespace regpass
