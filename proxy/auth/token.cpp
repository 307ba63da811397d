#include "regpass/auth/token.hpp"

#include "regpass/base/text.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/params_encoded_view.hpp>
#include <boost/url/parse_query.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace regpass::auth {
namespace {

namespace urls = boost::urls;

// What a realm's own query may not add to our request, since it would ask for more or for something else (P3, T12).
constexpr std::array<std::string_view, 8> ours{"scope",    "account",  "client_id",   "grant_type",
                                               "username", "password", "access_type", "offline_token"};

// "name=value" pieces joined by '&', each value encoded on its own. Wiped when it goes: it may hold a password.
class parameters {
 public:
  explicit parameters(std::size_t expected) { text_.reserve(expected); }
  parameters(const parameters&) = delete;
  parameters& operator=(const parameters&) = delete;
  ~parameters() { wipe(text_); }

  void add_encoded(std::string_view piece) {
    if (!text_.empty()) text_.push_back('&');
    text_.append(piece);
  }
  void add(std::string_view name, std::string_view value) {
    add_encoded(name);
    text_.push_back('=');
    const auto start = text_.size();
    const auto encoded = urls::encoded_size(value, urls::unreserved_chars);
    text_.resize(start + encoded);
    urls::encode(text_.data() + start, encoded, value, urls::unreserved_chars);
  }
  void add_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
  }
  std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};

// Encoding triples a text at most; the rest is room for the names.
std::size_t room_for(const token_request& request) {
  auto size = request.realm.target.size() + 3 * request.service.size() + 256;
  for (const auto& one : request.scopes.list()) size += 3 * registry::to_text(one).size() + 16;
  if (request.credential) size += 3 * (request.credential->username.size() + request.credential->value.size());
  return size;
}

bool is_ours(std::string_view name, const token_request& request) noexcept {
  return std::ranges::find(ours, name) != ours.end() || (name == "service" && !request.service.empty());
}

void add_realm_parameters(parameters& query, const token_request& request, std::string_view realm_query) {
  const auto parsed = urls::parse_query(realm_query);
  if (!parsed) return;
  for (const auto param : *parsed) {
    const auto name = param.key.decode();
    if (name.empty() || is_ours(name, request)) continue;
    const std::string_view key = param.key;
    const std::string_view value = param.value;
    query.add_encoded(param.has_value ? fmt::format("{}={}", key, value) : std::string(key));
  }
}

void add_get_parameters(parameters& query, const token_request& request) {
  query.add_unless_empty("service", request.service);
  for (const auto& one : request.scopes.list()) query.add("scope", registry::to_text(one));
  if (request.credential) query.add_unless_empty("account", request.credential->username);
}

void add_form_parameters(parameters& form, const token_request& request) {
  const auto& credential = *request.credential;
  const bool refresh = may_be_identity_token(credential);
  form.add("grant_type", refresh ? "refresh_token" : "password");
  form.add_unless_empty("service", request.service);
  form.add("client_id", "regpass");
  form.add_unless_empty("scope", registry::to_text(request.scopes));
  if (!refresh) form.add("username", credential.username);
  form.add(refresh ? "refresh_token" : "password", credential.value.expose());
}

std::string target_of(const token_request& request, bool post) {
  const std::string_view target = request.realm.target;
  const auto mark = std::min(target.find('?'), target.size());
  parameters query(room_for(request));
  if (mark < target.size()) add_realm_parameters(query, request, target.substr(mark + 1));
  if (!post) add_get_parameters(query, request);
  return fmt::format("{}{}{}", target.substr(0, mark), query.text().empty() ? "" : "?", query.text());
}

// No compression is asked for, so that the bound on the answer is a bound on what is parsed (T13).
http::request_head head_of(const token_request& request, bool post) {
  http::request_head head;
  head.method = post ? "POST" : "GET";
  head.target = target_of(request, post);
  head.headers.add("Host", http::authority(request.realm.origin));
  head.headers.add("User-Agent", "regpass");
  head.headers.add("Accept", "application/json");
  head.headers.add("Accept-Encoding", "identity");
  return head;
}

}  // namespace

token_request::form first_form(const credential_ptr& credential) noexcept {
  const bool refresh = credential && credential->kind == credential_kind::identity_token;
  return refresh ? token_request::form::post : token_request::form::get;
}

bool has_other_form(const credential_ptr& credential) noexcept {
  return credential && credential->kind != credential_kind::bearer;
}

wire_request render(const token_request& request) {
  const bool post = request.how == token_request::form::post && request.credential;
  wire_request wire;
  wire.head = head_of(request, post);
  if (!post) {
    if (request.credential) wire.authorization = authorization_of(*request.credential);
    return wire;
  }
  parameters form(room_for(request));
  add_form_parameters(form, request);
  wire.body = secret(form.text());
  wire.head.headers.add("Content-Type", "application/x-www-form-urlencoded");
  wire.head.headers.add("Content-Length", std::to_string(form.text().size()));
  return wire;
}

std::string_view name_of(token_failure::kind what) noexcept {
  using kind = token_failure::kind;
  switch (what) {
    case kind::rejected:
      return "rejected";
    case kind::forbidden:
      return "forbidden";
    case kind::wrong_form:
      return "wrong_form";
    case kind::busy:
      return "busy";
    case kind::no_token:
      return "no_token";
    case kind::transport:
      return "transport";
  }
  return "no_token";
}

std::optional<token_failure::kind> failure_kind(std::string_view name) noexcept {
  using kind = token_failure::kind;
  for (const auto one :
       {kind::rejected, kind::forbidden, kind::wrong_form, kind::busy, kind::no_token, kind::transport}) {
    if (name_of(one) == name) return one;
  }
  return std::nullopt;
}

int telling_rank(token_failure::kind what, int status) noexcept {
  using kind = token_failure::kind;
  if (what == kind::rejected || what == kind::forbidden || status == 401) return 3;
  if (what != kind::wrong_form) return 1;
  return status == 404 || status == 405 || status == 501 ? 0 : 2;
}

}  // namespace regpass::auth
