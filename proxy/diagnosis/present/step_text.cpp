#include "regpass/diagnosis/step_text.hpp"

#include "diagnosis/present/phrases.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>

namespace regpass::diagnosis {
namespace {

std::string or_none(const std::string& text, std::string_view none) {
  return text.empty() ? std::string(none) : text;
}

std::string with_credential(std::string_view kind) {
  if (kind.empty() || kind == "none") return "without a credential";
  if (kind == "basic") return "with user and password (Basic)";
  if (kind == "bearer") return "with the token (Bearer)";
  if (kind == "identity-token" || kind == "identity_token") return "with the identity token";
  return kind == "client" ? "with the client's own credential" : "with " + std::string(kind);
}

std::string granted_text(const std::optional<std::string>& granted) {
  if (!granted) return "grants what only the registry can read (opaque)";
  return "grants " + or_none(*granted, "nothing");
}

std::string claims_text(const auth::claims& c) {
  auto out = c.subject.empty() ? std::string(", for nobody") : ", for " + words::quoted(c.subject);
  if (!c.issuer.empty()) out += ", issuer " + words::quoted(c.issuer);
  if (!c.audience.empty()) out += ", audience " + words::quoted(words::listed(c.audience));
  return out;
}

std::string text_of(const sent_step& s) {
  return fmt::format("{}{} {}{}",
                     s.probe      ? "asks first: "
                     : s.explains ? "asks for the reason: "
                                  : "",
                     s.request, with_credential(s.authorization), s.reused ? ", on an open connection" : "");
}

std::string text_of(const answered_step& s) {
  auto out = words::answer(s, 400);
  if (!s.server.empty()) out += ", server " + s.server;
  if (!s.api_version && !s.content_type.empty()) out += ", " + s.content_type;
  for (const auto& challenge : s.challenges) out += ", challenge: " + words::spaced(challenge);
  if (!s.location.empty()) out += ", to " + s.location;
  if (!s.allow.empty()) out += ", allows " + s.allow;
  if (!s.rate_remaining.empty()) out += ", rate limit " + s.rate_limit + ", left " + s.rate_remaining;
  if (!s.rate_source.empty()) out += ", counted for " + s.rate_source;
  if (s.clock_difference_s && *s.clock_difference_s != 0) out += fmt::format(", clock {:+} s", *s.clock_difference_s);
  return out;
}

std::string text_of(const realm_step& s) {
  const auto why = s.why.empty() ? std::string() : " (" + s.why + ")";
  return fmt::format("token server {} {}{}", s.realm, s.allowed ? "may be asked" : "is refused", why);
}

std::string text_of(const token_request_step& s) {
  const auto service = s.service.empty() ? std::string() : " service " + s.service;
  return fmt::format("{} {}{} scope {} {}", s.method, s.realm, service, or_none(s.scope, "(none)"),
                     with_credential(s.credential));
}

std::string text_of(const token_answer_step& s) {
  if (s.failure.empty()) {
    const auto life = fmt::format(", for {} s", s.expires_in_s);
    return fmt::format("a token that {}{}{}", granted_text(s.granted), s.claims ? claims_text(*s.claims) : "", life);
  }
  const auto status = s.status == 0 ? std::string() : fmt::format("{} ", s.status);
  const auto said = s.message.empty() ? std::string() : ": " + words::quoted(s.message);
  return fmt::format("{}no token ({}){}", status, s.failure, said);
}

std::string text_of(const cached_token_step& s) {
  const auto asked = s.scope.empty() ? std::string() : " asked for " + s.scope;
  const auto life = s.expires_in_s < 0 ? std::string(", expired") : fmt::format(", {} s left", s.expires_in_s);
  return fmt::format("has a token{} that {}{}{}", asked, granted_text(s.granted),
                     s.claims ? claims_text(*s.claims) : "", life);
}

std::string text_of(const failed_step& s) {
  return to_text(s.problem);
}

std::string text_of(const policy_step& s) {
  const auto remedy = s.remedy.empty() ? std::string() : fmt::format("; {}", s.remedy);
  return fmt::format("refuses: {}{}", s.why, remedy);
}

std::string text_of(const mount_step& s) {
  return fmt::format("mount from {} becomes an upload: {}", s.from, s.why);
}

std::string_view speaker_of(const answered_step&) noexcept {
  return "registry";
}
std::string_view speaker_of(const token_answer_step&) noexcept {
  return "token server";
}
std::string_view speaker_of(const failed_step& s) noexcept {
  return s.problem.who == party::us ? "regpass" : name_of(s.problem.who);
}
std::string_view speaker_of(const auto&) noexcept {
  return "regpass";
}

}  // namespace

std::string_view speaker_text(const step& s) noexcept {
  return std::visit([](const auto& one) { return speaker_of(one); }, s);
}

std::string spaced(std::string_view challenge) {
  return words::spaced(challenge);
}

std::string step_text(const step& s) {
  return std::visit([](const auto& one) { return text_of(one); }, s);
}

}  // namespace regpass::diagnosis
