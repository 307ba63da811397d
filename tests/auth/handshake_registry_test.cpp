// What the handshake does with a registry's answers: the rows of start, bare, probing, cached and fresh in
// handshake.hpp.
#include "playbooks.hpp"

#include <catch2/catch.hpp>

namespace regpass::auth {

const std::vector<scene>& registry_scenes() {
  using in = handshake_input;
  static const std::vector<scene> all{
      {"nothing known: bare, challenge, token, again", [](in&) {}, R"(
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token granted repository:a/b:pull
        << send bearer
        >> 200
        << deliver)"},
      {"a fresh token that is refused is delivered", [](in&) {}, R"(
        << send bare
        >> 401 Bearer realm="https://r.test/token"
        << ask_token GET https://r.test/token - repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",error="insufficient_scope"
        << deliver)"},
      {"a registry without authentication", [](in&) {}, R"(
        << send bare
        >> 200
        << deliver)"},
      {"a 403 is no challenge", [](in&) {}, R"(
        << send bare
        >> 403 Bearer realm="https://r.test/token"
        << deliver)"},
      {"a challenge of no scheme of ours", [](in&) {}, R"(
        << send bare
        >> 401 Negotiate, Digest realm="x"
        << deliver)"},
      {"a 401 without a challenge: it is to be had at /v2/", [](in&) {}, R"(
        << send bare
        >> 401
        << probe
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"a 401 without a challenge, and Basic at /v2/", [](in&) {}, R"(
        << send bare
        >> 401
        << probe
        >> 401 Basic realm="r"
        << send basic
        >> 200
        << deliver)"},
      {"a 401 without a challenge, and none at /v2/ either", [](in&) {}, R"(
        << send bare
        >> 401
        << probe
        >> 401
        << send bare
        >> 401
        << deliver)"},
      {"a 401 without a challenge, and /v2/ is open", [](in&) {}, R"(
        << send bare
        >> 401
        << probe
        >> 200
        << send bare
        >> 401
        << deliver)"},
      {"a 401 without a challenge to a body that has started", with_body, R"(
        << probe
        >> 200
        << send bare
        >> 401 (body started)
        << deliver)"},
      {"/v2/ is not asked twice", with_body, R"(
        << probe
        >> 200
        << send bare
        >> 401
        << deliver)"},
      {"a Basic registry", [](in&) {}, R"(
        << send bare
        >> 401 Basic realm="r"
        << send basic
        >> 401 Basic realm="r"
        << deliver)"},
      {"a Basic registry without a credential", anonymous, R"(
        << send bare
        >> 401 Basic realm="r"
        << deliver)"},
      {"C4: a Basic registry with an identity token, which is a password there", with_identity_token, R"(
        << send bare
        >> 401 Basic realm="r"
        << send basic
        >> 401 Basic realm="r"
        << deliver)"},
      {"a known Basic registry", knows_basic, R"(
        << send basic
        >> 200
        << deliver)"},
      {"a refused Basic credential does not break the pull of a public image", knows_basic, R"(
        << send basic
        >> 401 Basic realm="r"
        << send bare
        >> 200
        << deliver)"},
      {"a refused Basic credential, and nobody is let in without", knows_basic, R"(
        << send basic
        >> 401 Basic realm="r"
        << send bare
        >> 401 Basic realm="r"
        << deliver)"},
      {"a refused Basic credential is not left out to write",
       [](in& x) {
         knows_basic(x);
         x.need = scopes("repository:a/b:pull,push");
       },
       R"(
        << send basic
        >> 401 Basic realm="r"
        << deliver)"},
      {"a Basic registry that has a token endpoint by now", knows_basic, R"(
        << send basic
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"a known Basic registry without a credential is not probed",
       [](in& x) {
         anonymous(x);
         knows_basic(x);
         with_body(x);
       },
       R"(
        << send bare
        >> 401 (body started) Basic realm="r"
        << deliver)"},
      {"a known token endpoint saves the first round trip", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"an anonymous token", anonymous, R"(
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as nobody
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="s",error="insufficient_scope"
        << deliver)"},
      {"no scope is needed for /v2/", [](in& x) { x.need = {}; }, R"(
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token GET https://r.test/token s - as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"P3: the challenge's scope is not what is asked for", [](in&) {}, R"(
        << send bare
        >> 401 Bearer realm="https://r.test/token",scope="repository:evil:push"
        << ask_token GET https://r.test/token - repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"a body is kept back until the registry was asked what it wants", with_body, R"(
        << probe
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 201
        << deliver)"},
      {"a probed Basic registry", with_body, R"(
        << probe
        >> 401 Basic realm="r"
        << send basic
        >> 201
        << deliver)"},
      {"a probe that was not challenged", with_body, R"(
        << probe
        >> 200
        << send bare
        >> 401 (body started) Bearer realm="https://r.test/token"
        << deliver)"},
      {"a probe that found no scheme of ours", with_body, R"(
        << probe
        >> 401 Negotiate
        << send bare
        >> 201
        << deliver)"},
      {"a challenge before the body was read may still be answered", with_body, R"(
        << probe
        >> 404
        << send bare
        >> 401 Bearer realm="https://r.test/token"
        << ask_token GET https://r.test/token - repository:a/b:pull as alice
        >> token
        << send bearer
        >> 201
        << deliver)"},
      {"a cached token", with_token, R"(
        << send cached bearer
        >> 200
        << deliver)"},
      {"a cached token that is refused is replaced once", with_token, R"(
        << send cached bearer
        >> 401 Bearer realm="https://r.test/token",service="s",error="invalid_token"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="s"
        << deliver)"},
      {"T14: a body that has started is not sent again",
       [](in& x) {
         with_token(x);
         with_body(x);
       },
       R"(
        << send cached bearer
        >> 401 (body started) Bearer realm="https://r.test/token",service="s"
        << deliver)"},
      {"a refused token with the body unread",
       [](in& x) {
         with_token(x);
         with_body(x);
       },
       R"(
        << send cached bearer
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 201
        << deliver)"},
      {"a token that was granted too little is not asked for again", [](in& x) { with_token_granted(x, ""); }, R"(
        << send cached bearer
        >> 401 Bearer realm="https://r.test/token",service="s",error="insufficient_scope"
        << deliver)"},
      {"a token that was granted enough is", [](in& x) { with_token_granted(x, "repository:a/b:pull,push"); }, R"(
        << send cached bearer
        >> 401 Bearer realm="https://r.test/token",service="s",error="invalid_token"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"HARB-02: a Basic challenge to a token leads back to the known endpoint", with_token, R"(
        << send cached bearer
        >> 401 Basic realm="harbor"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Basic realm="harbor"
        << deliver)"},
      {"an opaque token for several scopes, of which its server may have honoured one",
       [](in& x) { with_token_asked(x, "repository:a/b:pull repository:c/d:pull"); },
       R"(
        << send cached bearer
        >> 403
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 403
        << deliver)"},
      {"an opaque token for just this", [](in& x) { with_token_asked(x, "repository:a/b:pull"); },
       R"(
        << send cached bearer
        >> 403
        << deliver)"},
      {"nvcr.io names another endpoint when a token has expired: the one that gave it gives the next", with_token, R"(
        << send cached bearer
        >> 401 Bearer realm="https://authn.test/token",service="registry",error="invalid_token"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"a refused token and no endpoint known",
       [](in& x) {
         with_token(x);
         x.known.reset();
       },
       R"(
        << send cached bearer
        >> 401
        << deliver)"},
  };
  return all;
}

TEST_CASE("the handshake answers a registry as its table says") {
  play(registry_scenes());
}

}  // namespace regpass::auth
