#include "regpass/auth/token.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

token_request request(credential_ptr credential, token_request::form how = token_request::form::get) {
  return {.how = how,
          .realm = {{"https", "auth.r.test", 443}, "/token"},
          .service = "r.test",
          .scopes = scopes("repository:team-a/app:pull,push"),
          .credential = std::move(credential)};
}

std::string target(const token_request& asked) {
  return render(asked).head.target;
}

}  // namespace

TEST_CASE("an identity token is posted, everything else asks by GET") {
  CHECK(first_form(nullptr) == token_request::form::get);
  CHECK(first_form(alice()) == token_request::form::get);
  CHECK(first_form(make_credential(credential_kind::identity_token, "", "idt")) == token_request::form::post);
}

TEST_CASE("the GET form with Basic") {
  const auto wire = render(request(alice()));
  CHECK(wire.head.method == "GET");
  CHECK(wire.head.target == "/token?service=r.test&scope=repository%3Ateam-a%2Fapp%3Apull%2Cpush&account=alice");
  CHECK(wire.head.headers.get("Host") == "auth.r.test");
  CHECK(wire.head.headers.get("Accept") == "application/json");
  CHECK(wire.head.headers.count("Authorization") == 0);
  CHECK(wire.authorization == secret("Basic YWxpY2U6czNjcmV0"));
  CHECK(wire.body.empty());
}

TEST_CASE("the anonymous GET form") {
  const auto wire = render(request(nullptr));
  CHECK(wire.head.target == "/token?service=r.test&scope=repository%3Ateam-a%2Fapp%3Apull%2Cpush");
  CHECK(wire.authorization.empty());
}

TEST_CASE("GET repeats the scope parameter, one for each resource") {
  auto asked = request(nullptr);
  asked.scopes = scopes("repository:b/x:pull repository:a/y:pull,push");
  CHECK(target(asked) ==
        "/token?service=r.test&scope=repository%3Aa%2Fy%3Apull%2Cpush&scope=repository%3Ab%2Fx%3Apull");
  asked.scopes = {};
  CHECK(target(asked) == "/token?service=r.test");
  asked.service.clear();
  CHECK(target(asked) == "/token");
}

TEST_CASE("C4: a password whose user marks an identity token is posted as a refresh token") {
  const auto marked = make_credential(credential_kind::basic, "<token>", "idt");
  CHECK(first_form(marked) == token_request::form::get);
  CHECK(render(request(marked)).authorization == secret("Basic " + base64("<token>:idt")));
  const auto posted = render(request(marked, token_request::form::post));
  CHECK(posted.body.expose().contains("grant_type=refresh_token"));
  CHECK(posted.body.expose().contains("refresh_token=idt"));
  CHECK_FALSE(posted.body.expose().contains("username"));
  CHECK(has_other_form(marked));
  CHECK(has_other_form(alice()));
  CHECK_FALSE(has_other_form(nullptr));
  CHECK_FALSE(has_other_form(make_credential(credential_kind::bearer, "", "x")));
}

TEST_CASE("R5: a verdict on the credential is the most telling failure, an unknown form the least") {
  using kind = token_failure::kind;
  const std::vector<std::pair<kind, int>> ascending{
      {kind::wrong_form, 404}, {kind::busy, 503}, {kind::wrong_form, 400}, {kind::rejected, 401}};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    const auto& [less, its_status] = ascending[i - 1];
    const auto& [more, status] = ascending[i];
    CHECK(telling_rank(less, its_status) < telling_rank(more, status));
  }
  CHECK(telling_rank(kind::wrong_form, 401) == telling_rank(kind::forbidden, 403));
  CHECK(telling_rank(kind::wrong_form, 405) == telling_rank(kind::wrong_form, 404));
  for (const auto one :
       {kind::rejected, kind::forbidden, kind::wrong_form, kind::busy, kind::no_token, kind::transport}) {
    CHECK(failure_kind(name_of(one)) == one);
  }
  CHECK_FALSE(failure_kind("").has_value());
}

TEST_CASE("the POST forms are OAuth2's") {
  const auto refresh =
      render(request(make_credential(credential_kind::identity_token, "bob", "i+d&t="), token_request::form::post));
  CHECK(refresh.head.method == "POST");
  CHECK(refresh.head.target == "/token");
  CHECK(refresh.head.headers.get("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(refresh.head.headers.get("Content-Length") == std::to_string(refresh.body.size()));
  CHECK(refresh.authorization.empty());
  CHECK(refresh.body.expose() ==
        "grant_type=refresh_token&service=r.test&client_id=regpass&scope=repository%3Ateam-a%2Fapp%3Apull%2Cpush"
        "&refresh_token=i%2Bd%26t%3D");
  auto asked = request(alice(), token_request::form::post);
  asked.scopes = scopes("repository:b/x:pull repository:a/y:pull");
  const auto password = render(asked);
  CHECK(password.authorization.empty());
  CHECK(
      password.body.expose() ==
      "grant_type=password&service=r.test&client_id=regpass&scope=repository%3Aa%2Fy%3Apull%20repository%3Ab%2Fx%3Apull"
      "&username=alice&password=s3cret");
}

TEST_CASE("T12: challenge parameters cannot leave their place in the URL") {
  auto asked = request(make_credential(credential_kind::basic, "a&account=root#", "pw"));
  asked.service = "s&scope=repository:evil:push#\r\nX: y %00+\xc3\xa4";
  asked.scopes = {};
  CHECK(target(asked) ==
        "/token?service=s%26scope%3Drepository%3Aevil%3Apush%23%0D%0AX%3A%20y%20%2500%2B%C3%A4"
        "&account=a%26account%3Droot%23");
}

TEST_CASE("T12: a realm's own query is kept, but may not ask for more than we do") {
  struct row {
    std::string_view realm, expected;
  };
  const auto [realm, expected] = GENERATE(values<row>({
      {"/token?tenant=x", "/token?tenant=x&service=s"},
      {"/token?a=b%20c&flag&d=", "/token?a=b%20c&flag&d=&service=s"},
      {"/token?", "/token?service=s"},
      {"/token?scope=repository:evil:push&tenant=x", "/token?tenant=x&service=s"},
      {"/token?%73cope=repository:evil:push", "/token?service=s"},
      {"/token?offline_token=true&access_type=offline", "/token?service=s"},
      {"/token?service=other&account=root", "/token?service=s"},
  }));
  auto asked = request(nullptr);
  asked.realm.target = realm;
  asked.service = "s";
  asked.scopes = {};
  CHECK(target(asked) == expected);
}

TEST_CASE("a service that only the realm's query names is kept") {
  auto asked = request(nullptr);
  asked.realm.target = "/token?service=other";
  asked.service.clear();
  asked.scopes = {};
  CHECK(target(asked) == "/token?service=other");
}

TEST_CASE("POST keeps the realm's query too, without ours in it") {
  auto asked = request(alice(), token_request::form::post);
  asked.realm.target = "/token?tenant=x&scope=repository:evil:push";
  CHECK(target(asked) == "/token?tenant=x");
}

TEST_CASE("T13: no compression and no offline token is ever asked for") {
  for (const auto how : {token_request::form::get, token_request::form::post}) {
    const auto wire = render(request(alice(), how));
    CHECK(wire.head.headers.get("Accept-Encoding") == "identity");
    CHECK(wire.head.target.find("offline") == std::string::npos);
    CHECK(wire.body.expose().find("offline") == std::string_view::npos);
  }
}

TEST_CASE("T26: neither head holds the secret") {
  for (const auto how : {token_request::form::get, token_request::form::post}) {
    const auto text = http::write_head(render(request(alice(), how)).head);
    CHECK_THAT(text, !Catch::Contains("s3cret") && !Catch::Contains("YWxpY2U6czNjcmV0"));
  }
}

TEST_CASE("Host names the port only where it is not the scheme's own") {
  auto asked = request(nullptr);
  asked.realm.origin = {"https", "::1", 5001};
  CHECK(render(asked).head.headers.get("Host") == "[::1]:5001");
}

}  // namespace regpass::auth
