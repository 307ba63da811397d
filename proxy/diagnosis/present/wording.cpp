#include "diagnosis/present/wording.hpp"

#include "diagnosis/causes/predicates.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::diagnosis::words {
namespace {

constexpr std::size_t longest_name = 64;

bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string shortened(std::string_view text, std::size_t cap) {
  constexpr std::string_view mark = "...";
  if (text.size() <= cap || cap <= mark.size()) return std::string(text.substr(0, cap));
  auto head = (cap - mark.size()) / 2;
  auto tail = text.size() - (cap - mark.size() - head);
  while (head > 0 && is_continuation(text[head])) --head;
  while (tail < text.size() && is_continuation(text[tail])) ++tail;
  return fmt::format("{}{}{}", text.substr(0, head), mark, text.substr(tail));
}

std::string cut(std::string_view text, std::size_t cap) {
  if (text.size() <= cap) return std::string(text);
  while (cap > 0 && is_continuation(text[cap])) --cap;
  return std::string(text.substr(0, cap)) + "...";
}

std::string quoted(std::string_view text, std::size_t cap) {
  auto inner = cut(text, cap);
  std::ranges::replace(inner, '"', '\'');
  return '"' + inner + '"';
}

std::string spaced(std::string_view challenge) {
  std::string out;
  for (const auto c : challenge) {
    const bool crowded = c != ' ' && out.ends_with("\",");
    if (crowded) out += ' ';
    out += c;
  }
  return out;
}

std::string listed(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += i + 1 == parts.size() ? " and " : ", ";
    out += parts[i];
  }
  return out;
}

std::string host(const facts& f) {
  return f.seen->registry.empty() ? "the registry" : shortened(f.seen->registry, longest_name);
}

std::string repository(const facts& f) {
  return shortened(f.seen->repository, longest_name);
}

std::string activity(const facts& f) {
  const auto& e = *f.seen;
  if (e.action == registry::action::push) return "the push to " + repository(f);
  if (e.action == registry::action::pull) return "the pull of " + repository(f);
  if (e.action == registry::action::remove) return "the deletion in " + repository(f);
  if (e.action == registry::action::catalog) return "the list of repositories";
  if (e.method.empty()) return "the request";
  return shortened(e.method + " " + e.path, longest_name);
}

std::string user(const facts& f) {
  return f.seen->username.empty() ? "nobody" : shortened(f.seen->username, longest_name);
}

std::string secret_kind(const facts& f) {
  if (f.seen->credential_kind == auth::credential_kind::identity_token) return "identity token";
  return is_ready_made(f) ? "token" : "password";
}

std::string holder(const facts& f) {
  const auto whose = f.seen->username.empty() ? std::string() : " of " + user(f);
  return fmt::format("the {}{} from {}", secret_kind(f), whose, f.seen->source);
}

std::string identity(const facts& f) {
  if (used_clients_own(f)) return "with the client's own credential";
  const bool went_bare = deciding_answer(f) != nullptr && f.sent_authorization == authorization_kind::none;
  if (f.seen->source.empty() || went_bare) return "without a credential";
  if (f.seen->username.empty()) return fmt::format("with the {} of {}", secret_kind(f), f.seen->source);
  return fmt::format("as {} ({})", user(f), f.seen->source);
}

std::string entry(const facts& f) {
  return fmt::format("the entry {} in {}", words::quoted(f.seen->key), f.seen->source);
}

std::string other_entries(const facts& f) {
  std::vector<std::string> names;
  for (const auto& one : f.seen->entries) names.push_back(shortened(one, longest_name));
  return names.empty() ? "there is no entry for any registry" : "there are entries for " + listed(names);
}

std::string token_server(const facts& f) {
  if (f.token_request == nullptr) return "the token server";
  std::string_view realm = f.token_request->realm;
  const auto scheme_end = realm.find("://");
  if (scheme_end != std::string_view::npos) realm.remove_prefix(scheme_end + 3);
  realm = realm.substr(0, realm.find_first_of("/?"));
  return realm.empty() ? "the token server" : shortened(realm, longest_name);
}

std::string actions(const registry::scope& s) {
  return listed({s.actions.begin(), s.actions.end()});
}

std::string resource(const registry::scope& s) {
  return s.type == "repository" ? shortened(s.name, longest_name) : shortened(s.type + ":" + s.name, longest_name);
}

std::string refusal(const answered_step& a) {
  if (a.errors.empty()) return a.message;
  const auto& first = a.errors.front();
  if (first.code.empty() || first.message.empty()) return first.code + first.message;
  return first.code + ": " + first.message;
}

std::string refusal(const facts& f) {
  if (f.decided_by == speaker::token_server && f.token_answer != nullptr) return f.token_answer->message;
  const auto* a = deciding_answer(f);
  return a == nullptr ? std::string() : refusal(*a);
}

std::string answer(const answered_step& a, std::size_t cap) {
  const auto words = refusal(a);
  return words.empty() ? fmt::format("{}", a.status) : fmt::format("{} {}", a.status, words::quoted(words, cap));
}

std::string in_registry_table(const facts& f, std::string_view line) {
  return fmt::format("write {} under [[registry]] host = \"{}\" in regpass.toml", line, host(f));
}

std::string check_command(const facts& f) {
  if (f.seen->registry.empty() || f.seen->repository.empty()) return {};
  const auto option = f.seen->action == registry::action::push     ? " --push"
                      : f.seen->action == registry::action::remove ? " --delete"
                                                                   : "";
  return fmt::format("regpass check {}/{}{}", f.seen->registry, f.seen->repository, option);
}

void advise_check(const facts& f, std::vector<std::string>& steps) {
  const auto command = check_command(f);
  if (!command.empty()) steps.push_back("Test it step by step: " + command);
}

}  // namespace regpass::diagnosis::words
