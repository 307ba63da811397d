#include "regpass/auth/credential.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace regpass::auth {
namespace {

credential_entry entry(std::string source, std::string key, std::string user, std::string_view value,
                       credential_kind kind = credential_kind::basic) {
  auto made = std::make_shared<credential>(credential{.kind = kind,
                                                      .username = std::move(user),
                                                      .value = secret(value),
                                                      .source = source,
                                                      .key = key,
                                                      .generation = next_generation()});
  return {.host = registry::make_host("r.test", 443), .credential = made, .source = source, .key = key, .problem = {}};
}

}  // namespace

TEST_CASE("generations never repeat and never are zero, which stands for anonymous") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) CHECK(seen.insert(next_generation()).second);
  CHECK_FALSE(seen.contains(0));
}

TEST_CASE("a reload keeps the credentials that did not change") {
  credential_store old;
  old.entries.push_back(entry("a.json", "r.test", "alice", "one"));
  old.entries.push_back(entry("a.json", "s.test", "bob", "two"));
  credential_store fresh;
  fresh.entries.push_back(entry("a.json", "s.test", "bob", "changed"));
  fresh.entries.push_back(entry("a.json", "r.test", "alice", "one"));
  fresh.entries.push_back({.host = {}, .credential = nullptr, .source = "a.json", .key = "t.test", .problem = "empty"});
  carry_over(old, fresh);
  CHECK(fresh.entries[1].credential == old.entries[0].credential);
  CHECK(fresh.entries[0].credential != old.entries[1].credential);
  CHECK(fresh.entries[0].credential->generation > old.entries[1].credential->generation);
  CHECK(retired(old, fresh) == std::vector{old.entries[1].credential->generation});
}

TEST_CASE("T07: anything that differs makes another generation") {
  credential_store old;
  old.entries.push_back(entry("a.json", "r.test", "alice", "one"));
  const auto carried = [&](credential_entry changed) {
    credential_store fresh;
    fresh.entries.push_back(std::move(changed));
    carry_over(old, fresh);
    return fresh.entries[0].credential == old.entries[0].credential;
  };
  CHECK(carried(entry("a.json", "r.test", "alice", "one")));
  CHECK_FALSE(carried(entry("b.json", "r.test", "alice", "one")));
  CHECK_FALSE(carried(entry("a.json", "R.test", "alice", "one")));
  CHECK_FALSE(carried(entry("a.json", "r.test", "bob", "one")));
  CHECK_FALSE(carried(entry("a.json", "r.test", "alice", "two")));
  CHECK_FALSE(carried(entry("a.json", "r.test", "alice", "one", credential_kind::identity_token)));
}

TEST_CASE("everything is retired when the sources are gone, once each") {
  credential_store old;
  old.entries.push_back(entry("a.json", "r.test", "alice", "one"));
  old.entries.push_back(old.entries.front());
  CHECK(retired(old, {}).size() == 1);
  CHECK(retired(old, old).empty());
  CHECK(retired({}, old).empty());
}

TEST_CASE("the Authorization field of each kind") {
  const auto shown = [](credential_kind kind, std::string user, std::string_view value) {
    return std::string(authorization_of(*make_credential(kind, std::move(user), value)).expose());
  };
  CHECK(shown(credential_kind::basic, "Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(shown(credential_kind::basic, "robot$ci", "a:b") == "Basic cm9ib3QkY2k6YTpi");
  CHECK(shown(credential_kind::bearer, "", "abc.def") == "Bearer abc.def");
}

TEST_CASE("C4: as a password an identity token belongs to its user, or to the mark of the helpers") {
  const auto shown = [](std::string user) {
    const auto field = authorization_of(*make_credential(credential_kind::identity_token, std::move(user), "refresh"));
    return std::string(field.expose());
  };
  CHECK(shown("alice") == "Basic " + base64("alice:refresh"));
  CHECK(shown("<token>") == "Basic " + base64("<token>:refresh"));
  CHECK(shown("") == "Basic " + base64("<token>:refresh"));
  CHECK(may_be_identity_token(*make_credential(credential_kind::identity_token, "alice", "x")));
  CHECK(may_be_identity_token(*make_credential(credential_kind::basic, "<token>", "x")));
  CHECK_FALSE(may_be_identity_token(*alice()));
  CHECK_FALSE(may_be_identity_token(*make_credential(credential_kind::bearer, "<token>", "x")));
}

TEST_CASE("credential kinds have names for the log") {
  CHECK(name_of(credential_kind::basic) == "basic");
  CHECK(name_of(credential_kind::identity_token) == "identity-token");
  CHECK(name_of(credential_kind::bearer) == "bearer");
}

}  // namespace regpass::auth
