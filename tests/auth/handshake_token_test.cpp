// What the handshake does with credentials, token answers, realms and modes: the rows of asking in handshake.hpp, and
// its rules.
#include "auth/playbooks.hpp"

#include <catch2/catch.hpp>

namespace regpass::auth {

namespace {

void wants_to_push(handshake_input& in) {
  knows_bearer(in);
  in.need = scopes("repository:a/b:pull,push");
}

}  // namespace

const std::vector<scene>& token_scenes() {
  using in = handshake_input;
  static const std::vector<scene> all{
      {"a ready-made token", with_ready_token, R"(
        << send ready-made bearer
        >> 401 Bearer realm="https://r.test/token",error="invalid_token"
        << deliver)"},
      {"an identity token is posted", with_identity_token, R"(
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token POST https://r.test/token s repository:a/b:pull as bob
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"an identity token has no second form",
       [](in& x) {
         with_identity_token(x);
         knows_bearer(x);
       },
       R"(
        << ask_token POST https://r.test/token s repository:a/b:pull as bob
        >> token failed wrong_form
        << refuse 403)"},
      {"GET, then POST", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed wrong_form
        << ask_token POST https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"GET, then POST, then no more", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed wrong_form
        << ask_token POST https://r.test/token s repository:a/b:pull as alice
        >> token failed wrong_form
        << refuse 403)"},
      {"anonymous has no second form",
       [](in& x) {
         anonymous(x);
         knows_bearer(x);
       },
       R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token failed wrong_form
        << refuse 403)"},
      {"a rejected credential", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed rejected
        << refuse 403)"},
      {"a forbidden scope", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed forbidden
        << refuse 403)"},
      {"TOK-18: a stale credential does not break the pull of a public image", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed rejected
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token granted repository:a/b:pull
        << send bearer
        >> 200
        << deliver)"},
      {"TOK-18: a stale identity token neither",
       [](in& x) {
         knows_bearer(x);
         with_identity_token(x);
       },
       R"(
        << ask_token POST https://r.test/token s repository:a/b:pull as bob
        >> token failed forbidden
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"TOK-18: a private image needs the credential", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed rejected
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token granted
        << refuse 403)"},
      {"TOK-18: nobody gets a token without a credential", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed forbidden
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token failed busy
        << refuse 403)"},
      {"TOK-18: an opaque anonymous token is the registry's to judge", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed forbidden
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="s"
        << deliver)"},
      {"a credential that was refused in the second form is not left out", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed wrong_form
        << ask_token POST https://r.test/token s repository:a/b:pull as alice
        >> token failed rejected
        << refuse 403)"},
      {"a ping is not tried without the credential",
       [](in& x) {
         knows_bearer(x);
         x.need = {};
       },
       R"(
        << ask_token GET https://r.test/token s - as alice
        >> token failed rejected
        << refuse 403)"},
      {"a busy token server", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed busy
        << refuse 503)"},
      {"a token server that cannot be reached", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed transport
        << refuse 503)"},
      {"an answer without a token", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed no_token
        << refuse 503)"},
      {"T09: a foreign realm", [](in&) {}, R"(
        << send bare
        >> 401 Bearer realm="https://evil.test/token"
        << refuse 403)"},
      {"T09: a foreign realm after a probe", with_body, R"(
        << probe
        >> 401 Bearer realm="https://evil.test/token"
        << refuse 403)"},
      {"T09: a foreign realm after a cached token",
       [](in& x) {
         with_token(x);
         x.known.reset();
       },
       R"(
        << send cached bearer
        >> 401 Bearer realm="https://evil.test/token"
        << refuse 403)"},
      {"T09: a foreign realm gets no anonymous request either", anonymous, R"(
        << send bare
        >> 401 Bearer realm="http://r.test/token"
        << refuse 403)"},
      {"an approved realm", [](in& x) { x.realms.approved = {"https://auth.test/"}; }, R"(
        << send bare
        >> 401 Bearer realm="https://auth.test/token"
        << ask_token GET https://auth.test/token - repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"observe changes nothing",
       [](in& x) {
         with_token(x);
         x.mode = injection::observe;
       },
       R"(
        << send client
        >> 401 Bearer realm="https://r.test/token"
        << deliver)"},
      {"add leaves a client's own Authorization alone",
       [](in& x) {
         with_token(x);
         x.mode = injection::add;
         x.client_authorization = true;
       },
       R"(
        << send client
        >> 401 Bearer realm="https://r.test/token"
        << deliver)"},
      {"add does the same as replace when the client has none",
       [](in& x) {
         with_token(x);
         x.mode = injection::add;
       },
       R"(
        << send cached bearer
        >> 200
        << deliver)"},
      {"replace ignores a client's Authorization",
       [](in& x) {
         with_token(x);
         x.client_authorization = true;
       },
       R"(
        << send cached bearer
        >> 200
        << deliver)"},
  };
  return all;
}

TEST_CASE("the handshake treats credentials, realms and modes as its table says") {
  for (const auto& one : token_scenes()) {
    DYNAMIC_SECTION(one.name) {
      auto input = plain_case();
      one.set(input);
      CHECK(playbook(input).play(one.script) == tidy(one.script));
    }
  }
}

}  // namespace regpass::auth
