#include "fake_token_server.hpp"

#include "common_ground.hpp"
#include "regpass/base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse_query.hpp>

#include <algorithm>
#include <ctime>

namespace regpass::testing {
namespace {

token_asked read_request(const received& what) {
  token_asked asked;
  asked.method = what.method;
  asked.authorization = what.authorization();
  const auto mark = what.target.find('?');
  auto text = what.method == "POST" ? what.body : mark == std::string::npos ? "" : what.target.substr(mark + 1);
  std::ranges::replace(text, '+', ' ');
  for (const auto one : boost::urls::parse_query(text).value()) {
    const auto value = one.value.decode();
    const std::string name(one.key);
    if (name == "service") asked.service = value;
    if (name == "scope") asked.scopes.push_back(value);
    if (name == "account") asked.account = value;
    if (name == "grant_type") asked.grant_type = value;
    if (name == "refresh_token") asked.refresh_token = value;
    if (name == "password") asked.password = value;
  }
  return asked;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(at, from), text.size());
    if (end > from) parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

// "repository:a/b:pull,push", as the claim "access" has it.
boost::json::array access_of(const std::string& scopes) {
  boost::json::array access;
  for (const auto& one : split(scopes, ' ')) {
    const auto first = one.find(':');
    const auto last = one.rfind(':');
    boost::json::array actions;
    for (const auto& action : split(one.substr(last + 1), ',')) actions.emplace_back(action);
    access.push_back(boost::json::object{
        {"type", one.substr(0, first)}, {"name", one.substr(first + 1, last - first - 1)}, {"actions", actions}});
  }
  return access;
}

std::string base64url(std::string_view text) {
  auto encoded = base64(text);
  std::ranges::replace(encoded, '+', '-');
  std::ranges::replace(encoded, '/', '_');
  encoded.erase(encoded.find_last_not_of('=') + 1);
  return encoded;
}

}  // namespace

fake_token_server::fake_token_server(fake_server::scheme how, const std::string& address) : server_(how, address) {
  server_.otherwise([this](const received& what) { return issue(what); });
}

void fake_token_server::grants(std::string scopes) {
  const std::lock_guard held(lock_);
  grants_ = std::move(scopes);
}

void fake_token_server::grants_anonymous(std::string scopes) {
  const std::lock_guard held(lock_);
  grants_anonymous_ = std::move(scopes);
}

std::string fake_token_server::issue_to(const std::string& user, const std::string& password,
                                        const std::string& scope) const {
  auto client = wire::dial("127.0.0.1", server_.port());
  if (!client.secure_as_client(client_side(common_ground().upstream_ca.certificate()), {})) return {};
  const std::string credential = user.empty() ? "" : "Authorization: Basic " + base64(user + ":" + password) + "\r\n";
  client.write("GET /token?service=s&account=" + user + "&scope=" + scope +
               " HTTP/1.1\r\nHost: " + server_.authority() + "\r\n" + credential + "Connection: close\r\n\r\n");
  message_reader reader(client, message_reader::kind::response);
  message got;
  if (!reader.read_head(got, "GET") || !reader.read_body(got)) return {};
  return std::string(boost::json::parse(got.body).at("token").as_string());
}

std::string fake_token_server::subject_of(const std::string& authorization) {
  const auto first = authorization.find('.');
  if (first == std::string::npos) return {};
  const auto claims = decode_base64url(authorization.substr(first + 1, authorization.find('.', first + 1) - first - 1));
  return claims ? std::string(boost::json::parse(*claims).at("sub").as_string()) : std::string();
}

std::string fake_token_server::challenge(std::string_view more) const {
  return "Bearer realm=\"" + realm() + "\",service=\"test-registry\"" + std::string(more);
}

void fake_token_server::guard(fake_server& registry) const {
  registry.requirement(challenge(), [this](const std::string& authorization) { return is_good(authorization); });
}

bool fake_token_server::is_good(const std::string& authorization) const {
  const std::lock_guard held(lock_);
  return std::ranges::any_of(issued_, [&](const issued& one) { return authorization == "Bearer " + one.token; });
}

bool fake_token_server::allows(const std::string& authorization, std::string_view scope) const {
  const std::lock_guard held(lock_);
  return std::ranges::any_of(issued_, [&](const issued& one) {
    const auto granted = split(one.granted, ' ');
    return authorization == "Bearer " + one.token && std::ranges::find(granted, scope) != granted.end();
  });
}

void fake_token_server::take_back_all() {
  const std::lock_guard held(lock_);
  issued_.clear();
}

std::vector<token_asked> fake_token_server::asked() const {
  std::vector<token_asked> all;
  for (const auto& one : server_.requests("*", "/token")) all.push_back(read_request(one));
  return all;
}

reply fake_token_server::issue(const received& what) {
  auto asked = read_request(what);
  if (asked.scopes.size() > 1 && honours_ == honoured::first) asked.scopes = {asked.scopes.front()};
  if (asked.scopes.size() > 1 && honours_ == honoured::last) asked.scopes = {asked.scopes.back()};
  std::string wanted;
  for (const auto& one : asked.scopes) wanted += (wanted.empty() ? "" : " ") + one;
  const std::lock_guard held(lock_);
  const bool anonymous = asked.authorization.empty() && asked.password.empty() && asked.refresh_token.empty();
  const auto granted = anonymous && grants_anonymous_ ? *grants_anonymous_ : grants_.value_or(wanted);
  const auto mark = std::string(token_canary) + "-" + std::to_string(++number_);
  const auto at = std::time(nullptr);
  const boost::json::object claims{{"iss", "test-auth"}, {"aud", asked.service}, {"sub", asked.account},
                                   {"iat", at},          {"exp", at + life_},    {"access", access_of(granted)}};
  const auto token =
      opaque_ ? mark : base64url(R"({"alg":"none"})") + "." + base64url(boost::json::serialize(claims)) + "." + mark;
  issued_.push_back({token, granted});
  const boost::json::object body{{"token", token}, {"access_token", token}, {"expires_in", life_.load()}};
  return {.fields = {{"Content-Type", "application/json"}}, .body = boost::json::serialize(body)};
}

}  // namespace regpass::testing
