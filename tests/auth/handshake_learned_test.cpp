// What the handshake does where the registry's answer and what was learned of it differ: the rows of cached, fresh and
// given up in handshake.hpp.
#include "playbooks.hpp"

#include <catch2/catch.hpp>

namespace regpass::auth {

const std::vector<scene>& learned_scenes() {
  using in = handshake_input;
  static const std::vector<scene> all{
      {"R2: a challenge for another service of the endpoint wins over the one that gave the cached token", with_token,
       R"(
        << send cached bearer
        >> 401 Bearer realm="https://r.test/token",service="other"
        << ask_token GET https://r.test/token other repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="s"
        << deliver)"},
      {"R2: even where the cached token was granted nothing by the other service",
       [](in& x) { with_token_granted(x, ""); }, R"(
        << send cached bearer
        >> 401 Bearer realm="https://r.test/token",service="other"
        << ask_token GET https://r.test/token other repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"R2: another approved endpoint is followed when the one that gave the cached token does not help",
       [](in& x) {
         with_token(x);
         x.realms.approved = {"https://auth.test/"};
       },
       R"(
        << send cached bearer
        >> 401 Bearer realm="https://auth.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://auth.test/token",service="s"
        << ask_token GET https://auth.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="s"
        << deliver)"},
      {"R2: or fails",
       [](in& x) {
         with_token(x);
         x.realms.approved = {"https://auth.test/"};
       },
       R"(
        << send cached bearer
        >> 401 Bearer realm="https://auth.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token failed busy
        << ask_token GET https://auth.test/token s repository:a/b:pull as alice
        >> token failed busy
        << refuse 503)"},
      {"R2: the challenge of this request wins over the remembered one", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="other"
        << ask_token GET https://r.test/token other repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://r.test/token",service="third"
        << deliver)"},
      {"R2: not with a body that has started",
       [](in& x) {
         knows_bearer(x);
         with_body(x);
       },
       R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 (body started) Bearer realm="https://r.test/token",service="other"
        << deliver)"},
      {"A2: a realm that may not be used does not replace the remembered one", knows_bearer, R"(
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 401 Bearer realm="https://evil.test/token",service="s"
        << deliver)"},
      {"A2: a remembered realm that may not be used any more is asked for anew",
       [](in& x) { x.known = requirement_in(R"(Bearer realm="https://gone.test/token",service="s")"); }, R"(
        << send bare
        >> 401 Bearer realm="https://r.test/token",service="s"
        << ask_token GET https://r.test/token s repository:a/b:pull as alice
        >> token
        << send bearer
        >> 200
        << deliver)"},
      {"A2: with a body unread at /v2/",
       [](in& x) {
         x.known = requirement_in(R"(Bearer realm="https://gone.test/token",service="s")");
         with_body(x);
       },
       R"(
        << probe
        >> 401 Bearer realm="https://gone.test/token",service="s"
        << refuse 403)"},
  };
  return all;
}

TEST_CASE("the handshake follows what the registry says rather than what was learned, as its table says") {
  play(learned_scenes());
}

}  // namespace regpass::auth
