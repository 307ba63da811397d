// words::observed: the facts as a list.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/present/wording.hpp"

#include <fmt/format.h>

namespace regpass::diagnosis::words {
namespace {

constexpr std::size_t long_words = 400;

std::string credential_line(const facts& f) {
  const auto& e = *f.seen;
  if (e.unserved) return fmt::format("credential: none, no entry is for {}; {}", host(f), other_entries(f));
  if (used_clients_own(f)) return "credential: the client's own";
  if (!e.source.empty()) {
    const auto whose = e.username.empty() ? std::string() : " of " + user(f);
    return fmt::format("credential: the {}{}, {}", secret_kind(f), whose, entry(f));
  }
  switch (e.missing) {
    case auth::absence::no_sources:
      return "credential: none, no credential file was found";
    case auth::absence::no_entry:
      return fmt::format("credential: none, no file has an entry for {}", host(f));
    case auth::absence::unusable:
      return fmt::format("credential: none, the entry for {} cannot be used", host(f));
    case auth::absence::none:
      break;
  }
  return "credential: none";
}

std::string granted_text(const facts& f) {
  if (!f.granted) return "unknown, the token is opaque";
  return f.granted->empty() ? "nothing" : to_text(*f.granted);
}

void observe_credential(const facts& f, std::vector<std::string>& out) {
  out.push_back(credential_line(f));
  for (const auto& other : f.seen->others) {
    out.push_back(fmt::format("the entry {} in {}: {}", words::quoted(other.key), other.source, other.why));
  }
}

std::string claims_line(const auth::claims& c) {
  auto line =
      c.subject.empty() ? std::string("the token names no user") : "the token is for " + words::quoted(c.subject);
  if (!c.issuer.empty()) line += ", issuer " + words::quoted(c.issuer);
  if (!c.audience.empty()) line += ", audience " + words::quoted(listed(c.audience));
  return line;
}

void observe_token(const facts& f, std::vector<std::string>& out) {
  const bool used_token = f.sent_authorization == authorization_kind::bearer && !is_ready_made(f);
  if (!f.seen->needed.empty()) out.push_back("needed: " + to_text(f.seen->needed));
  const bool clients_token = f.sent_authorization == authorization_kind::client && f.granted;
  if ((used_token || clients_token) && f.decided_by != speaker::token_server)
    out.push_back("granted: " + granted_text(f));
  if (f.claims != nullptr) out.push_back(claims_line(*f.claims));
  const auto* t = f.token_answer;
  if (t == nullptr || t->failure.empty()) return;
  const auto said = t->message.empty() ? std::string() : fmt::format(" {}", words::quoted(t->message));
  out.push_back(t->status == 0 ? fmt::format("token server {}: no answer{}", token_server(f), said)
                               : fmt::format("token server {} answered {}{}", token_server(f), t->status, said));
}

void observe_answer(const answered_step& a, std::string_view who, std::vector<std::string>& out) {
  out.push_back(fmt::format("{} answered {}", who, answer(a, long_words)));
  if (!a.errors.empty() && !a.errors.front().detail.empty()) out.push_back("detail: " + a.errors.front().detail);
  if (!a.server.empty()) out.push_back("answering server: " + a.server);
  if (!a.content_type.empty() && a.errors.empty()) out.push_back("content type: " + a.content_type);
  for (const auto& challenge : a.challenges) out.push_back("challenge: " + cut(spaced(challenge), long_words));
}

void observe_manifest(const facts& f, std::vector<std::string>& out) {
  const auto& e = *f.seen;
  if (e.manifest_bytes == 0) return;
  auto line = fmt::format("the manifest: {} bytes", e.manifest_bytes);
  if (!e.manifest_type.empty()) line += ", " + e.manifest_type;
  if (!e.manifest_flaw.empty()) line += "; " + e.manifest_flaw;
  out.push_back(std::move(line));
  if (e.blob_pushed_meanwhile) out.emplace_back("a blob was pushed to the same repository in the meantime");
}

void observe_clock(const facts& f, std::vector<std::string>& out) {
  constexpr std::int64_t worth_saying = 5;
  const auto d = f.clock_difference_s.value_or(0);
  if (d >= worth_saying) out.push_back(fmt::format("the registry's clock is {} s ahead of ours", d));
  if (d <= -worth_saying) out.push_back(fmt::format("the registry's clock is {} s behind ours", -(d + 1) + 1));
}

}  // namespace

std::vector<std::string> observed(const facts& f) {
  std::vector<std::string> out;
  observe_credential(f, out);
  observe_token(f, out);
  const bool is_last_word = deciding_answer(f) != nullptr || f.failure != nullptr;
  if (f.last_answer != nullptr && is_last_word) {
    observe_answer(*f.last_answer, between_answered(f) ? "an intermediary" : "the registry", out);
  }
  observe_manifest(f, out);
  observe_clock(f, out);
  if (f.failure != nullptr) out.push_back(to_text(f.failure->problem));
  return out;
}

}  // namespace regpass::diagnosis::words
