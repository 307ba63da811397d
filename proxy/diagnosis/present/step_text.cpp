#include "regpass/diagnosis/step_text.hpp"

#include "diagnosis/present/wording.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace regpass::diagnosis {
namespace {

std::string or_none(const std::string& text, std::string_view none) {
  return text.empty() ? std::string(none) : text;
}

std::string with_credential(const keyword<authorization_kind>& kind) {
  if (!kind.value()) return kind.empty() ? "without a credential" : "with " + std::string(kind.text());
  switch (*kind.value()) {
    case authorization_kind::none:
      break;
    case authorization_kind::basic:
      return "with user and password (Basic)";
    case authorization_kind::bearer:
      return "with the token (Bearer)";
    case authorization_kind::identity_token:
      return "with the identity token";
    case authorization_kind::client:
      return "with the client's own credential";
  }
  return "without a credential";
}

// Appends each field that has a text.
class text_writer {
 public:
  template <class T>
  void operator()(std::string_view, const T& v, const shown& as = {}) {
    if (!as.text.empty() && as.in_text) add(as.text, v);
  }
  template <class T>
  void always(std::string_view, const T&) {}

  std::string out;

 private:
  void add(std::string_view text, bool v) {
    if (v) out += text;
  }
  void add(std::string_view text, const std::string& v) {
    if (!v.empty()) out += fmt::format(fmt::runtime(text), v);
  }
  void add(std::string_view text, const std::optional<std::int64_t>& v) {
    if (v && *v != 0) out += fmt::format(fmt::runtime(text), *v);
  }
  void add(std::string_view text, const std::vector<std::string>& list) {
    for (const auto& v : list) out += fmt::format(fmt::runtime(text), words::spaced(v));
  }
  void add(std::string_view, const auto&) {}
};

std::string details(const auto& s) {
  text_writer writer;
  fields(writer, s);
  return std::move(writer.out);
}

std::string granted_text(const std::optional<std::string>& granted) {
  if (!granted) return "grants an unknown scope (opaque token)";
  return "grants " + or_none(*granted, "nothing");
}

std::string claims_text(const auth::claims& c) {
  auto out = c.subject.empty() ? std::string(", anonymous") : ", for " + words::quoted(c.subject);
  if (!c.issuer.empty()) out += ", issuer " + words::quoted(c.issuer);
  if (!c.audience.empty()) out += ", audience " + words::quoted(words::listed(c.audience));
  return out;
}

std::string text_of(const sent_step& s) {
  return fmt::format("{}{} {}",
                     s.probe      ? "probes: "
                     : s.explains ? "asks for the reason: "
                                  : "",
                     s.request, with_credential(s.authorization));
}

std::string text_of(const answered_step& s) {
  return words::answer(s, 400);
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
  return fmt::format("{}no token ({}){}", status, s.failure.text(), said);
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
  return fmt::format("refused: {}", s.why);
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
  return std::visit([](const auto& kind) { return speaker_of(kind); }, s);
}

std::string spaced(std::string_view challenge) {
  return words::spaced(challenge);
}

std::string step_text(const step& s) {
  return std::visit([](const auto& kind) { return text_of(kind) + details(kind); }, s);
}

}  // namespace regpass::diagnosis
