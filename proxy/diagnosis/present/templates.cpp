// Fills the placeholders in texts of the cause table.
#include "diagnosis/present/wording.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::diagnosis::words {
namespace {

struct placeholder {
  std::string_view name;
  std::string (*value)(const facts&);
};

std::string status(const facts& f) {
  if (f.decided_by == speaker::token_server && f.token_answer != nullptr) return std::to_string(f.token_answer->status);
  return std::to_string(f.last_answer == nullptr ? f.seen->status : f.last_answer->status);
}

std::string said(const facts& f) {
  const auto text = refusal(f);
  return text.empty() ? "no reason was given" : words::quoted(text, 160);
}

std::string check_step(const facts& f) {
  std::vector<std::string> steps;
  advise_check(f, steps);
  return steps.empty() ? std::string() : steps.front();
}

constexpr std::array holders{
    placeholder{"host", host},         placeholder{"repository", repository},
    placeholder{"activity", activity}, placeholder{"user", user},
    placeholder{"holder", holder},     placeholder{"entry", entry},
    placeholder{"identity", identity}, placeholder{"token-server", token_server},
    placeholder{"said", said},         placeholder{"status", status},
    placeholder{"check", check_step},
};

std::string of_fault(std::string_view name, const entry_fault* about) {
  if (about == nullptr) return {};
  if (name == "key") return words::quoted(about->key);
  if (name == "detail") return about->detail;
  return about->key.empty() ? about->source : words::quoted(about->key) + " in " + about->source;
}

std::string value_of(std::string_view name, const facts& f, const entry_fault* about) {
  if (name == "place" || name == "key" || name == "detail") return of_fault(name, about);
  for (const auto& row : holders) {
    if (row.name == name) return row.value(f);
  }
  return "{" + std::string(name) + "}";
}

}  // namespace

std::string fill_template(std::string_view text, const facts& f, const entry_fault* about) {
  std::string out;
  while (!text.empty()) {
    const auto begin = text.find('{');
    const auto end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) break;
    out.append(text.substr(0, begin));
    out += value_of(text.substr(begin + 1, end - begin - 1), f, about);
    text.remove_prefix(end + 1);
  }
  return out.append(text);
}

std::string fill_generic(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> meanings{{
      {"host", "REGISTRY"},
      {"repository", "REPOSITORY"},
      {"user", "the user"},
      {"entry", "the credential's entry"},
      {"place", "the entry"},
      {"key", ""},
      {"holder", "the credential"},
      {"identity", ""},
      {"token-server", "TOKEN-SERVER"},
      {"said", "the registry's message"},
      {"check", "Test it step by step: regpass check REFERENCE"},
      {"activity", "the request"},
  }};
  std::string out;
  while (!text.empty()) {
    const auto found = std::ranges::find_if(meanings, [&](const auto& one) {
      return text.starts_with('{') && text.substr(1).starts_with(one.first) &&
             text.substr(1 + one.first.size()).starts_with('}');
    });
    const auto taken = found == meanings.end() ? 1 : found->first.size() + 2;
    out.append(found == meanings.end() ? text.substr(0, 1) : found->second);
    text.remove_prefix(taken);
  }
  return out;
}

}  // namespace regpass::diagnosis::words
