#include "auth/credential_flaws.hpp"

#include "auth/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::auth {
namespace {

constexpr std::string_view echo_hint = " (was it made with echo? printf '%s' writes none)";

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

bool ends_in_line_break(std::string_view text) noexcept {
  return text.ends_with('\n') || text.ends_with('\r');
}

std::string_view kind_of(char c) noexcept {
  if (c == '\n' || c == '\r') return "a line break";
  if (c == '\0') return "a NUL byte";
  return c == '\t' ? "a tab" : "a control character";
}

std::string control_flaw(std::string_view text, std::string_view name) {
  const auto found = std::ranges::find_if(text, is_control);
  if (found == text.end()) return {};
  const auto at = found - text.begin();
  const bool only_at_end = text.find_first_not_of("\r\n", static_cast<std::size_t>(at)) == std::string_view::npos;
  if (only_at_end && ends_in_line_break(text)) return fmt::format("{} ends in a line break{}", name, echo_hint);
  return fmt::format("{} holds {} (at {})", name, kind_of(*found), at);
}

// Invisible characters that nobody types into a password, but that editors and Windows leave in files.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> invisible{{{"\xEF\xBB\xBF", "a byte order mark"},
                                                                                  {"\xC2\x85", "a line break"},
                                                                                  {"\xE2\x80\xA8", "a line break"},
                                                                                  {"\xE2\x80\xA9", "a line break"}}};

std::string invisible_flaw(std::string_view text, std::string_view name) {
  for (const auto& [bytes, description] : invisible) {
    const auto at = text.find(bytes);
    if (at != std::string_view::npos) return fmt::format("{} holds {} (at {})", name, description, at);
  }
  return {};
}

bool is_json_object(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') return false;
  const auto parsed = parse_json(text);
  return parsed && parsed->is_object();
}

std::string blanks_around(std::string_view text, std::string_view name) {
  if (text.empty() || (text.front() != ' ' && text.back() != ' ')) return {};
  return fmt::format("{} {} a blank, which is sent too", name, text.front() == ' ' ? "begins with" : "ends in");
}

}  // namespace

std::string username_flaw(std::string_view username) {
  if (username.empty()) return "the user name is empty";
  if (auto flaw = control_flaw(username, "the user name"); !flaw.empty()) return flaw;
  if (auto flaw = invisible_flaw(username, "the user name"); !flaw.empty()) return flaw;
  if (username.find(':') == std::string_view::npos) return {};
  return "the user name holds a colon, which ends a user name in HTTP Basic";
}

std::string password_flaw(std::string_view password) {
  if (password.empty()) return "the password is empty";
  auto flaw = control_flaw(password, "the password");
  if (!flaw.empty() && is_json_object(password)) flaw.clear();
  return flaw.empty() ? invisible_flaw(password, "the password") : flaw;
}

std::string token_flaw(std::string_view token, std::string_view name) {
  if (auto flaw = control_flaw(token, name); !flaw.empty()) return flaw;
  const auto odd = std::ranges::find_if(token, [](char c) { return c <= ' ' || c > '~'; });
  if (odd == token.end()) return {};
  return fmt::format("{} holds a byte that no Authorization field may carry (at {})", name, odd - token.begin());
}

std::string username_remark(std::string_view username) {
  return blanks_around(username, "the user name");
}

std::string password_remark(std::string_view password) {
  return blanks_around(password, "the password");
}

}  // namespace regpass::auth
