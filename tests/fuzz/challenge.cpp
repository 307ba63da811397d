// WWW-Authenticate, from the field to the token request on the wire (T09, T10, T12).
#include "regpass/auth/challenge.hpp"

#include "auth/realm.hpp"
#include "fuzz.hpp"
#include "regpass/auth/token.hpp"

#include <algorithm>
#include <memory>

using namespace regpass;

namespace {

const http::origin registry_origin{"https", "registry.test", 443};
const http::origin approved_origin{"https", "auth.test", 443};

void check_request(const auth::requirement& asked, const auth::realm_decision& realm, auth::credential_kind kind) {
  auto credential = std::make_shared<auth::credential>();
  credential->kind = kind;
  credential->username = "alice";
  credential->value = secret("password");
  auth::token_request request;
  request.how = auth::first_form(credential);
  request.realm = realm.url;
  request.service = asked.service;
  request.scopes = registry::scope_set(registry::repository_scope("team-a/app", {"pull"}));
  request.credential = credential;
  const auto wire = auth::render(request);
  const auto text = http::write_head(wire.head);
  fuzz::promise(std::ranges::count(text, '\n') == 2 + static_cast<long>(wire.head.headers.size()),
                "a challenge adds no line to the token request");
  fuzz::promise(wire.head.target.find_first_of(" \r\n#") == std::string::npos, "its target is one word");
}

}  // namespace

REGPASS_FUZZ_TARGET(challenge) {
  const auth::challenge_limits limits;
  const auto list = auth::parse_challenges(bytes);
  if (!list) return;
  fuzz::promise(bytes.size() <= limits.bytes && list->size() <= limits.challenges, "challenges are bounded (P6)");
  const auto asked = auth::requirement_of(*list);
  if (!asked || asked->how != auth::requirement::kind::bearer) return;
  const auth::realm_rules rules{registry_origin, {"https://auth.test/token"}};
  const auto realm = auth::decide_realm(asked->realm, {"registry.test", 443}, rules);
  if (!realm.allowed) return;
  fuzz::promise(realm.url.origin == registry_origin || realm.url.origin == approved_origin,
                "a realm is the registry's own or approved");
  check_request(*asked, realm, auth::credential_kind::basic);
  check_request(*asked, realm, auth::credential_kind::identity_token);
}
