#include "regpass/auth/challenge.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::auth {
namespace {

// RFC 9110 section 5.6.2.
bool is_token_char(char c) noexcept {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token68_char(char c) noexcept {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("-._~+/").find(c) != std::string_view::npos;
}

// HTAB, SP, VCHAR and obs-text: what a quoted string may hold, behind a backslash or not.
bool is_quotable(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

// RFC 9110 sections 5.6.1, 5.6.4, 11.2, 11.3 and 11.6.1, as a recipient has to read them:
//
//   WWW-Authenticate = [ challenge ] *( OWS "," OWS [ challenge ] )
//   challenge        = auth-scheme [ 1*SP ( token68 / [ auth-param ] *( OWS "," OWS [ auth-param ] ) ) ]
//   auth-scheme      = token
//   auth-param       = token BWS "=" BWS ( token / quoted-string )
//   token68          = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
//   quoted-string    = DQUOTE *( qdtext / quoted-pair ) DQUOTE
//   quoted-pair      = "\" ( HTAB / SP / VCHAR / obs-text )
//
// A comma separates challenges as well as parameters: a token with "=" behind it belongs to the challenge before it,
// any other token starts the next one. Every byte is looked at twice at most.
class parser {
 public:
  parser(std::string_view text, const challenge_limits& limits) : text_(text), limits_(limits) {}

  result<std::vector<challenge>> all() {
    if (text_.size() > limits_.bytes) return fail(errc::too_large, "WWW-Authenticate is longer than allowed");
    for (skip_separators(); !at_end(); skip_separators()) {
      if (auto read = element(); !read) return std::unexpected(read.error());
      skip_blanks();
      if (!at_end() && text_[at_] != ',') return wrong("a comma is missing");
    }
    return std::move(found_);
  }

 private:
  bool at_end() const noexcept { return at_ == text_.size(); }
  bool at_element_end() const noexcept { return at_end() || text_[at_] == ','; }

  std::unexpected<error> wrong(std::string_view what) const {
    return fail(errc::bad_message, fmt::format("WWW-Authenticate at byte {}: {}", at_, what));
  }

  void skip_blanks() noexcept {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  void skip_separators() noexcept {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == ',')) ++at_;
  }

  std::string_view token() noexcept {
    const auto start = at_;
    while (!at_end() && is_token_char(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  result<void> element() {
    const auto name = token();
    if (name.empty()) return wrong("neither a scheme nor a parameter");
    const auto behind = at_;
    skip_blanks();
    if (!at_end() && text_[at_] == '=') return parameter(name);
    at_ = behind;
    return scheme(name);
  }

  result<void> scheme(std::string_view name) {
    if (found_.size() == limits_.challenges) {
      return fail(errc::too_large, "WWW-Authenticate has more challenges than allowed");
    }
    found_.push_back({lower(name), {}});
    takes_params_ = !at_end() && text_[at_] == ' ';
    if (!takes_params_) return at_element_end() ? result<void>{} : wrong("a blank is missing behind the scheme");
    skip_blanks();
    if (at_element_end()) return {};
    return credentials_like() ? result<void>{} : first_parameter();
  }

  // A token68 (NTLM, Negotiate): none of our schemes has one, so it is only passed over.
  bool credentials_like() noexcept {
    auto end = at_;
    while (end < text_.size() && is_token68_char(text_[end])) ++end;
    if (end == at_) return false;
    while (end < text_.size() && text_[end] == '=') ++end;
    const auto next = text_.find_first_not_of(" \t", end);
    if (next != std::string_view::npos && text_[next] != ',') return false;
    at_ = end;
    takes_params_ = false;
    return true;
  }

  result<void> first_parameter() {
    const auto name = token();
    if (name.empty()) return wrong("no parameter name");
    skip_blanks();
    if (at_end() || text_[at_] != '=') return wrong("'=' is missing behind the parameter name");
    return parameter(name);
  }

  result<void> parameter(std::string_view name) {
    if (!takes_params_) return wrong("a parameter without its challenge");
    ++at_;
    skip_blanks();
    auto value = !at_end() && text_[at_] == '"' ? quoted() : plain();
    if (!value) return std::unexpected(value.error());
    return keep(lower(name), std::move(*value));
  }

  result<void> keep(std::string name, std::string value) {
    auto& params = found_.back().params;
    if (params.size() == limits_.params) {
      return fail(errc::too_large, fmt::format("a challenge has more than {} parameters", limits_.params));
    }
    if (found_.back().param(name)) return wrong(fmt::format("parameter '{}' appears twice", clean(name, 64)));
    if (name == "scope" && value.size() > limits_.scope_bytes) {
      return fail(errc::too_large, fmt::format("scope is longer than {} bytes", limits_.scope_bytes));
    }
    params.emplace_back(std::move(name), std::move(value));
    return {};
  }

  result<std::string> plain() {
    const auto value = token();
    if (value.empty()) return wrong("the value is neither a token nor a quoted string");
    return std::string(value);
  }

  result<std::string> quoted() {
    std::string value;
    for (++at_; !at_end() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
      if (at_end()) break;
      if (!is_quotable(text_[at_])) return wrong("control byte in a quoted string");
      value.push_back(text_[at_]);
    }
    if (at_end()) return wrong("unterminated quoted string");
    ++at_;
    return value;
  }

  std::string_view text_;
  const challenge_limits& limits_;
  std::size_t at_ = 0;
  bool takes_params_ = false;
  std::vector<challenge> found_;
};

std::string text_of(const challenge& one, std::string_view name) {
  return std::string(one.param(name).value_or(""));
}

requirement demand_from(const challenge& one, requirement::kind how) {
  return {.how = how,
          .realm = text_of(one, "realm"),
          .service = text_of(one, "service"),
          .scope = text_of(one, "scope"),
          .error = text_of(one, "error"),
          .error_description = text_of(one, "error_description")};
}

}  // namespace

std::optional<std::string_view> challenge::param(std::string_view name) const noexcept {
  const auto found = std::ranges::find(params, name, &std::pair<std::string, std::string>::first);
  if (found == params.end()) return std::nullopt;
  return found->second;
}

result<std::vector<challenge>> parse_challenges(std::string_view value, const challenge_limits& limits) {
  return parser(value, limits).all();
}

result<std::vector<challenge>> challenges_of(const http::fields& headers, const challenge_limits& limits) {
  std::vector<challenge> all;
  std::optional<error> unreadable;
  auto left = limits;
  for (const auto value : headers.all("WWW-Authenticate")) {
    auto some = parse_challenges(value, left);
    if (!some && some.error().code == errc::too_large) return some;
    if (!some) {
      unreadable = std::move(some.error());
      continue;
    }
    left.bytes -= value.size();
    left.challenges -= some->size();
    std::ranges::move(*some, std::back_inserter(all));
  }
  if (all.empty() && unreadable) return std::unexpected(std::move(*unreadable));
  return all;
}

bool has_challenge(const http::fields& headers) {
  return std::ranges::any_of(headers.all("WWW-Authenticate"), [](std::string_view value) {
    return value.find_first_not_of(", \t") != std::string_view::npos;
  });
}

// Bearer without a realm leads nowhere; Basic needs none.
std::optional<requirement> requirement_of(const std::vector<challenge>& challenges) {
  for (const auto& one : challenges) {
    if (one.scheme == "bearer" && !one.param("realm").value_or("").empty()) {
      return demand_from(one, requirement::kind::bearer);
    }
  }
  const auto basic = std::ranges::find(challenges, "basic", &challenge::scheme);
  if (basic == challenges.end()) return std::nullopt;
  return demand_from(*basic, requirement::kind::basic);
}

bool same_endpoint(const requirement& a, const requirement& b) noexcept {
  if (a.how != b.how) return false;
  return a.how == requirement::kind::basic || (a.realm == b.realm && a.service == b.service);
}

}  // namespace regpass::auth
