// The handshake's table as playbooks: each row of it, each kind of credential, each way to fail.
#pragma once

#include "playbook.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <vector>

namespace regpass::auth {

struct scene {
  std::string_view name;
  std::function<void(handshake_input&)>
      set;  // changes the plain case: alice pulls a/b from r.test, nothing known, no body
  std::string_view script;
};

inline constexpr std::string_view bearer_challenge = R"(Bearer realm="https://r.test/token",service="s")";

inline handshake_input plain_case() {
  handshake_input in;
  in.need = scopes("repository:a/b:pull");
  in.credential = alice();
  in.registry = registry::make_host("r.test", 443);
  in.realms.registry = {"https", "r.test", 443};
  return in;
}

inline void anonymous(handshake_input& in) {
  in.credential = nullptr;
}
inline void with_identity_token(handshake_input& in) {
  in.credential = make_credential(credential_kind::identity_token, "bob", "idt");
}
inline void with_ready_token(handshake_input& in) {
  in.credential = make_credential(credential_kind::bearer, "", "rt");
}
inline void with_body(handshake_input& in) {
  in.body = body_state::unread;
}
inline void knows_bearer(handshake_input& in) {
  in.known = requirement_in(bearer_challenge);
}
inline void knows_basic(handshake_input& in) {
  in.known = requirement_in(R"(Basic realm="x")");
}
inline void with_token(handshake_input& in) {
  in.cached = std::make_shared<token>();
  in.known = requirement_in(bearer_challenge);
}
inline void with_token_granted(handshake_input& in, std::string_view granted) {
  auto made = std::make_shared<token>();
  made->granted = scopes(granted);
  in.cached = std::move(made);
  in.known = requirement_in(bearer_challenge);
}

inline void with_token_asked(handshake_input& in, std::string_view asked) {
  auto made = std::make_shared<token>();
  made->asked = scopes(asked);
  in.cached = std::move(made);
  in.known = requirement_in(bearer_challenge);
}

inline void play(const std::vector<scene>& scenes) {
  for (const auto& each : scenes) {
    DYNAMIC_SECTION(each.name) {
      auto input = plain_case();
      each.set(input);
      CHECK(playbook(input).play(each.script) == tidy(each.script));
    }
  }
}

const std::vector<scene>& registry_scenes();  // handshake_registry_test.cpp
const std::vector<scene>& token_scenes();     // handshake_token_test.cpp
const std::vector<scene>& learned_scenes();   // handshake_learned_test.cpp

}  // namespace regpass::auth
