#include "regpass/base/secret_mask.hpp"

#include "base/escapes.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <utility>

namespace regpass {
namespace {

constexpr std::string_view mask = "***";
constexpr std::size_t fragment = 12;          // what counts as a piece of a longer secret
constexpr std::size_t shortest_anywhere = 8;  // a plain value that is masked inside other words, too
constexpr std::size_t shortest_plain = 4;     // below, more must set it apart than the end of a word
constexpr std::size_t shortest_encoded = 6;   // encoded forms are never words, so less is enough
constexpr int most_levels = 3;                // of escapes inside escapes

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_hex_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_base64_letter(char c) noexcept {
  return is_letter_or_digit(c) || std::string_view("+/-_=").find(c) != std::string_view::npos;
}

// Letter case, base64 against base64url, and a blank written as '+' make no difference.
char folded(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  if (c == '-' || c == ' ') return '+';
  return c == '_' ? '/' : c;
}

std::string folded(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = folded(c);
  return out;
}

// Calls `visit(hash, position)` for every run of `fragment` characters.
template <class Visit>
void each_fragment(std::string_view text, const Visit& visit) {
  constexpr std::uint64_t base = 0x9E3779B97F4A7C15;
  if (text.size() < fragment) return;
  std::uint64_t leaving = 1;
  for (std::size_t i = 1; i < fragment; ++i) leaving *= base;
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= fragment) hash -= leaving * static_cast<unsigned char>(text[i - fragment]);
    hash = hash * base + static_cast<unsigned char>(text[i]);
    if (i + 1 >= fragment) visit(hash, i + 1 - fragment);
  }
}

// One view of the text that is searched, and what was found in it.
class search {
 public:
  explicit search(const std::string& text) : text_(text), folded_(regpass::folded(text)), hidden_(text.size(), false) {
    each_fragment(folded_, [this](std::uint64_t hash, std::size_t at) {
      fragments_.emplace_back(hash, at);
      there_.set(place(hash));
    });
    std::ranges::sort(fragments_);
  }

  void hide_plain(std::string_view value) {
    if (value.size() >= fragment) return hide_fragments(regpass::folded(value), nullptr);
    if (value.size() >= shortest_anywhere) return hide_all(folded_, regpass::folded(value), nullptr);
    hide_words(text_, value, value.size() < shortest_plain);
  }

  using letters = bool (*)(char) noexcept;
  // `around`: the letters of the encoding, which are hidden around what is found: they are of the same text.
  void hide_encoded(std::string_view form, letters around) {
    const auto wanted = regpass::folded(form);
    if (wanted.size() >= fragment) return hide_fragments(wanted, around);
    if (wanted.size() >= shortest_encoded) return hide_all(folded_, wanted, around);
    if (wanted.size() >= shortest_plain) hide_words(folded_, wanted, false);
  }

  bool hides(std::size_t at) const { return hidden_[at]; }

 private:
  static std::size_t place(std::uint64_t hash) noexcept { return hash >> 52U; }

  void hide(std::size_t begin, std::size_t end, letters around) {
    if (around == nullptr) return mark(hidden_, begin, end);
    // A run of encoded text is hidden once: a peer may repeat a secret thousands of times in one run.
    auto& done = around == is_hex_digit ? hex_runs_ : base64_runs_;
    if (done.empty()) done.assign(text_.size(), false);
    if (done[begin] && done[end - 1]) return;
    while (begin > 0 && around(text_[begin - 1])) --begin;
    while (end < text_.size() && around(text_[end])) ++end;
    mark(done, begin, end);
    mark(hidden_, begin, end);
  }

  static void mark(std::vector<bool>& all, std::size_t begin, std::size_t end) {
    std::fill(all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end), true);
  }

  void hide_fragments(const std::string& wanted, letters around) {
    each_fragment(wanted, [&](std::uint64_t hash, std::size_t) {
      if (!there_.test(place(hash))) return;
      auto found = std::ranges::lower_bound(fragments_, std::pair(hash, std::size_t{0}));
      for (; found != fragments_.end() && found->first == hash; ++found) {
        hide(found->second, found->second + fragment, around);
      }
    });
  }

  void hide_all(const std::string& in, const std::string& wanted, letters around) {
    for (auto at = in.find(wanted); at != std::string::npos; at = in.find(wanted, at + 1)) {
      hide(at, at + wanted.size(), around);
    }
  }

  void hide_words(const std::string& in, std::string_view wanted, bool strictly) {
    for (auto at = in.find(wanted); at != std::string::npos; at = in.find(wanted, at + 1)) {
      const auto end = at + wanted.size();
      if (ends_word(in, at, -1, strictly) && ends_word(in, end, 1, strictly)) hide(at, end, nullptr);
    }
  }

  // Whether a word begins or ends at this place. Strictly: and is no part of a path, name or version.
  static bool ends_word(const std::string& in, std::size_t at, int direction, bool strictly) {
    if (direction < 0 ? at == 0 : at == in.size()) return true;
    const char c = direction < 0 ? in[at - 1] : in[at];
    if (is_letter_or_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80) return false;
    if (!strictly || std::string_view("/.-+").find(c) == std::string_view::npos) return true;
    const bool full_stop = c == '.' && direction > 0 && (at + 1 == in.size() || in[at + 1] == ' ');
    return full_stop;
  }

  const std::string& text_;
  std::string folded_;
  std::vector<bool> hidden_;
  std::vector<bool> base64_runs_;  // that are hidden as a whole
  std::vector<bool> hex_runs_;
  std::vector<std::pair<std::uint64_t, std::size_t>> fragments_;
  std::bitset<4096> there_;
};

// What is certain of the base64 of a text that holds `value` behind `before` bytes modulo 3: without the letters that
// depend on its neighbours as well.
std::string base64_inside(std::string_view value, std::size_t before) {
  auto padded = std::string(before, '\0');
  padded.append(value);
  auto encoded = base64(padded);
  const auto first = (before * 8 + 5) / 6;
  const auto last = padded.size() * 8 / 6;
  auto inner = last > first ? encoded.substr(first, last - first) : std::string();
  wipe(padded);
  wipe(encoded);
  return inner;
}

void hide_encodings(search& in, std::string_view value) {
  if (value.size() < shortest_plain) return;
  auto whole = base64(value);
  in.hide_encoded(std::string_view(whole).substr(0, whole.find('=')), is_base64_letter);
  wipe(whole);
  for (std::size_t before = 0; before < 3; ++before) {
    auto inner = base64_inside(value, before);
    if (inner.size() >= shortest_encoded) in.hide_encoded(inner, is_base64_letter);
    wipe(inner);
  }
  auto digits = hex(value);
  in.hide_encoded(digits, is_hex_digit);
  wipe(digits);
}

std::string without(std::string_view text, const std::vector<bool>& hidden) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!hidden[i]) {
      out += text[i];
    } else if (i == 0 || !hidden[i - 1]) {
      out += mask;
    }
  }
  return out;
}

}  // namespace

void secret_mask::add(std::string_view text) {
  add(text, true);
}

void secret_mask::add(std::string_view text, bool plain) {
  const bool says_nothing = text.find_first_not_of('*') == std::string_view::npos;
  const auto known = [&](const value& entry) { return entry.text.expose() == text && (entry.plain || !plain); };
  if (says_nothing || std::ranges::any_of(values_, known)) return;
  values_.push_back({secret(text), plain});
}

void secret_mask::add_login(std::string_view user, std::string_view password) {
  add(password);
  std::string pair;
  pair.reserve(user.size() + 1 + password.size());
  pair.append(user).append(":").append(password);
  auto encoded = base64(pair);
  add(pair, password.size() < shortest_anywhere);
  add(std::string_view(encoded).substr(0, encoded.find('=')));
  wipe(pair);
  wipe(encoded);
}

void secret_mask::add_authorization(std::string_view field) {
  const auto blank = field.find(' ');
  if (blank == std::string_view::npos) return add(field);
  const auto credential = trim(field.substr(blank));
  std::string pair;
  if (iequals(field.substr(0, blank), "Basic") && !decode_base64(credential, pair)) {
    const auto colon = std::min(pair.find(':'), pair.size());
    const auto password = std::string_view(pair).substr(std::min(colon + 1, pair.size()));
    add_login(std::string_view(pair).substr(0, colon), password);
  }
  wipe(pair);
  add(credential);
}

std::string secret_mask::apply(std::string_view text) const {
  if (values_.empty() || text.empty()) return std::string(text);
  std::vector<bool> hidden(text.size(), false);
  unescaped_text view(text);
  for (int level = 0; level <= most_levels; ++level) {
    search in(view.text);
    for (const auto& entry : values_) {
      if (entry.plain) in.hide_plain(entry.text.expose());
      hide_encodings(in, entry.text.expose());
    }
    for (std::size_t i = 0; i < view.text.size(); ++i) {
      if (!in.hides(i)) continue;
      for (auto at = view.at[i]; at < std::max(view.at[i + 1], view.at[i] + 1); ++at) hidden[at] = true;
    }
    if (!view.unescape()) break;
  }
  return without(text, hidden);
}

}  // namespace regpass
