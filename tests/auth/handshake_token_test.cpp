// What the handshake does with credentials, token answers, realms and modes: the rows of asking in handshake.hpp, and
// its rules.
#include "playbooks.hpp"

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
      {"C4: an identity token is used as a password where it is not taken as a refresh token",
       [](in& x) {
         with_identity_token(x);
         knows_bearer(x);
       },
       R"(
        << ask_token POST https://r.test/token s repository:a/b:pull as bob
        >> token failed wrong_form
        << ask_token GET https://r.test/token s repository:a/b:pull as bob
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"C4: nor accepted as one",
       [](in& x) {
         with_identity_token(x);
         wants_to_push(x);
       },
       R"(
        << ask_token POST https://r.test/token s repository:a/b:pull,push as bob
        >> token failed rejected
        << ask_token GET https://r.test/token s repository:a/b:pull,push as bob
        >> token failed rejected
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"C4: a password whose user marks an identity token is posted as one",
       [](in& x) {
         x.credential = make_credential(credential_kind::basic, "<token>", "idt");
         wants_to_push(x);
       },
       R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as <token>
        >> token failed rejected
        << ask_token POST https://r.test/token s repository:a/b:pull,push as <token>
        >> token
        << send bearer
        >> 200
        << deliver)"},
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
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token failed wrong_form
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"anonymous has no second form",
       [](in& x) {
         anonymous(x);
         knows_bearer(x);
       },
       R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token failed wrong_form
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"a rejected credential", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed rejected
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"a forbidden scope", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed forbidden
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
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
        << ask_token GET https://r.test/token s repository:a/b:pull as bob
        >> token failed rejected
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
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"TOK-18: nobody gets a token without a credential", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed forbidden
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token failed busy
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"TOK-18: an opaque anonymous token is the registry's to judge", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed forbidden
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="s"
        << deliver)"},
      {"R5: a credential that was refused in the second form is left out as well", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed wrong_form
        << ask_token POST https://r.test/token s repository:a/b:pull as alice
        >> token failed rejected
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token granted repository:a/b:pull
        << send bearer
        >> 200
        << deliver)"},
      {"R5: so is one that was answered by 400, whatever becomes of the second form", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed wrong_form 400
        << ask_token POST https://r.test/token s repository:a/b:pull as alice
        >> token failed busy
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token granted repository:a/b:pull
        << send bearer
        >> 200
        << deliver)"},
      {"R5: that a form is not known tells less than trouble", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed wrong_form 404
        << ask_token POST https://r.test/token s repository:a/b:pull,push as alice
        >> token failed busy
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 503)"},
      {"R5: a verdict tells more than trouble", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed wrong_form 400
        << ask_token POST https://r.test/token s repository:a/b:pull,push as alice
        >> token failed busy
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"A2: a remembered endpoint that fails is given up for the one that the registry names now", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed transport
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="other"
        << ask_token GET https://r.test/token other repository:a/b:pull,push as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"A2: for Basic, if that is what it wants now", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed transport
        << send bare
        >> 401 Basic realm="r"
        << send basic
        >> 401 Bearer realm="https://r.test/token",service="other"
        << deliver)"},
      {"A2: for none, if it lets everybody in", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed transport
        << send bare
        >> 200
        << deliver)"},
      {"A2: what it says without a challenge does not hide the failure", wants_to_push, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed transport
        << send bare
        >> 401
        << probe
        >> 200
        << refuse 503)"},
      {"A2: with a body unread it is asked at /v2/",
       [](in& x) {
         wants_to_push(x);
         with_body(x);
       },
       R"(
        << ask_token GET https://r.test/token s repository:a/b:pull,push as alice
        >> token failed transport
        << probe
        >> 200
        << refuse 503)"},
      {"R6: without a credential any realm may be asked that is asked over TLS",
       [](in& x) {
         anonymous(x);
         x.realms.anonymous = true;
       },
       R"(
        << send bare
        >> 401 Bearer realm="https://ghcr.test/token",service="ghcr"
        << ask_token GET https://ghcr.test/token ghcr repository:a/b:pull as nobody
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"a ping is not tried without the credential",
       [](in& x) {
         knows_bearer(x);
         x.need = {};
       },
       R"(
        << ask_token GET https://r.test/token s - as alice
        >> token failed rejected
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 403)"},
      {"a busy token server", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed busy
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 503)"},
      {"a token server that cannot be reached", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed transport
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << refuse 503)"},
      {"an answer without a token", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed no_token
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
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
  play(token_scenes());
}

}  // namespace regpass::auth
