#include "regpass/registry/operation.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>

using namespace regpass;
using namespace regpass::registry;
using namespace std::string_literals;

namespace {

const std::string D = "sha256:" + std::string(64, 'a');

// "push team-a/app 1 repository:team-a/app:pull,push"
std::string shown(const operation& o) {
  auto text = fmt::format("{} {} {} {}", name_of(o.action), o.repository, o.reference, to_text(o.needed));
  if (o.mount_from) text += " from " + *o.mount_from;
  return text;
}

std::string target(std::string text) {
  for (auto at = text.find("{D}"); at != std::string::npos; at = text.find("{D}")) text.replace(at, 3, D);
  return text;
}

}  // namespace

TEST_CASE("requests of the distribution API become action, repository and needed scope") {
  struct row {
    std::string method, path, meaning;
    endpoint where;
  };
  const auto r = GENERATE(values<row>({
      {"GET", "/v2/", "ping   ", endpoint::base},
      {"HEAD", "/v2", "ping   ", endpoint::base},
      {"GET", "/v2/?ns=docker.io", "ping   ", endpoint::base},
      {"GET", "/v2/_catalog?n=100", "catalog   registry:catalog:*", endpoint::catalog},
      {"GET", "/v2/a/manifests/1", "pull a 1 repository:a:pull", endpoint::manifest},
      {"HEAD", "/v2/team-a/app/manifests/{D}", "pull team-a/app {D} repository:team-a/app:pull", endpoint::manifest},
      {"PUT", "/v2/a/manifests/1", "push a 1 repository:a:pull,push", endpoint::manifest},
      {"DELETE", "/v2/a/manifests/{D}", "delete a {D} repository:a:delete", endpoint::manifest},
      {"GET", "/v2/a/blobs/{D}", "pull a {D} repository:a:pull", endpoint::blob},
      {"HEAD", "/v2/a/b/c/blobs/{D}", "pull a/b/c {D} repository:a/b/c:pull", endpoint::blob},
      {"DELETE", "/v2/a/blobs/{D}", "delete a {D} repository:a:delete", endpoint::blob},
      {"POST", "/v2/a/blobs/uploads/", "push a  repository:a:pull,push", endpoint::upload_start},
      {"POST", "/v2/a/blobs/uploads/?digest={D}", "push a  repository:a:pull,push", endpoint::upload_start},
      {"PATCH", "/v2/a/blobs/uploads/7f-_.=~%3D?_state=x", "push a 7f-_.=~%3D repository:a:pull,push",
       endpoint::upload},
      {"PUT", "/v2/a/blobs/uploads/u?_state=x&digest=sha256%3A" + D.substr(7), "push a u repository:a:pull,push",
       endpoint::upload},
      {"GET", "/v2/a/blobs/uploads/u", "push a u repository:a:pull", endpoint::upload},
      {"HEAD", "/v2/a/blobs/uploads/u", "push a u repository:a:pull", endpoint::upload},
      {"DELETE", "/v2/a/blobs/uploads/u", "push a u repository:a:delete", endpoint::upload},
      {"GET", "/v2/a/tags/list?n=5&last=x", "pull a  repository:a:pull", endpoint::tags},
      {"GET", "/v2/a/referrers/{D}?artifactType=x%2Fy", "pull a {D} repository:a:pull", endpoint::referrers},
  }));
  CAPTURE(r.method, r.path);
  const auto o = parse_operation(r.method, target(r.path));
  REQUIRE(o);
  CHECK(shown(*o) == target(r.meaning));
  CHECK(o->endpoint == r.where);
}

TEST_CASE("paths are read from the right, whatever words a repository's name has") {
  struct row {
    std::string path, meaning;
  };
  const auto r = GENERATE(values<row>({
      {"/v2/manifests/manifests/manifests", "pull manifests manifests repository:manifests:pull"},
      {"/v2/a/blobs/uploads/manifests/1", "pull a/blobs/uploads 1 repository:a/blobs/uploads:pull"},
      {"/v2/a/blobs/uploads/tags/list", "pull a/blobs/uploads  repository:a/blobs/uploads:pull"},
      {"/v2/tags/list/tags/list", "pull tags/list  repository:tags/list:pull"},
      {"/v2/a/tags/manifests/list", "pull a/tags list repository:a/tags:pull"},
      {"/v2/a/blobs/uploads/blobs/uploads/u", "push a/blobs/uploads u repository:a/blobs/uploads:pull"},
      {"/v2/a/blobs/uploads/blobs/{D}", "pull a/blobs/uploads {D} repository:a/blobs/uploads:pull"},
      {"/v2/blobs/blobs/uploads/u", "push blobs u repository:blobs:pull"},
      {"/v2/v2/v2/manifests/v2", "pull v2/v2 v2 repository:v2/v2:pull"},
      {"/v2/a/referrers/manifests/referrers", "pull a/referrers referrers repository:a/referrers:pull"},
  }));
  const auto o = parse_operation("GET", target(r.path));
  REQUIRE(o);
  CHECK(shown(*o) == target(r.meaning));
}

TEST_CASE("a mount also needs pull on its source, however the query is spelled (T06)") {
  const std::string query =
      GENERATE("mount={D}&from=team/x", "from=team%2Fx&mount=sha256%3A{d}", "mount={D}&from=team%2fx",
               "%66rom=team/x&mount={D}", "from=team/x&mount={D}&origin=y");
  auto path = target("/v2/a/blobs/uploads/?" + query);
  if (const auto at = path.find("{d}"); at != std::string::npos) path.replace(at, 3, D.substr(7));
  const auto o = parse_operation("POST", path);
  REQUIRE(o);
  CHECK(shown(*o) == "push a  repository:a:pull,push repository:team/x:pull from team/x");
  CHECK_FALSE(parse_operation("POST", target("/v2/a/blobs/uploads/?mount={D}"))->mount_from);
}

TEST_CASE("a mount from the same repository merges the scopes") {
  const auto o = parse_operation("POST", target("/v2/a/blobs/uploads/?mount={D}&from=a"));
  REQUIRE(o);
  CHECK(to_text(o->needed) == "repository:a:pull,push");
}

TEST_CASE("only an upload's start can mount") {
  const auto o = parse_operation("GET", target("/v2/a/blobs/{D}?from=b"));
  REQUIRE(o);
  CHECK_FALSE(o->mount_from);
  CHECK(to_text(o->needed) == "repository:a:pull");
}

TEST_CASE("tricks in path and query are refused (T05, T06)") {
  const std::string path = GENERATE(values<std::string>({
      "/v2/../v2/a/manifests/1",
      "/v2/a/../b/manifests/1",
      "/v2/a/manifests/..",
      "/v2/a/manifests/.",
      "/v2/./a/manifests/1",
      "/v2//a/manifests/1",
      "/v2/a//manifests/1",
      "/v2/a/manifests/",
      "/v2/A/manifests/1",
      "/v2/a%2Fb/manifests/1",
      "/v2/a/%2e%2e/manifests/1",
      "/v2/a/manifests/%2e%2e",
      "/v2/a%5cb/manifests/1",
      "/v2/a%00/manifests/1",
      "/v2/a;b/manifests/1",
      "/v2/a/manifests/1;x",
      "/v2/a/manifests/1%20",
      "/v2/a/manifests/sha256:abc",
      "/v2/a/manifests/sha256:../../x",
      "/v2/a/blobs/{D}0",
      "/v2/a/blobs/latest",
      "/v2/a/blobs/uploads",
      "/v2/a/referrers/1",
      "/v2/a/blobs/sha256%3A" + std::string(64, 'a'),
      "/v2/-a/manifests/1",
      "/v2/a../manifests/1",
      "/v2/a/blobs/uploads/..",
      "/v2/a/blobs/uploads/%2e%2e",
      "/v2/a/blobs/uploads/%2E",
      "/v2/a/blobs/uploads/x%2fy",
      "/v2/a/blobs/uploads/x%5cy",
      "/v2/a/blobs/uploads/x%00",
      "/v2/a/blobs/uploads/x%0d%0ay",
      "/v2/a/blobs/uploads/x%252fy",
      "/v2/a/blobs/uploads/x;y",
      "/v2/a/blobs/uploads/%",
      "/v2/" + std::string(256, 'a') + "/manifests/1",
      "/v2/a/manifests/" + std::string(129, 'a'),
      // queries
      "/v2/a/blobs/uploads/u?digest={D}&digest={D}",
      "/v2/a/blobs/uploads/u?from=b&from=c",
      "/v2/a/blobs/uploads/u?mount={D}&mo%75nt={D}",
      "/v2/a/blobs/uploads/u?mount=x&from=b",
      "/v2/a/blobs/uploads/u?mount={D}&from=B",
      "/v2/a/blobs/uploads/u?mount={D}&from=../b",
      "/v2/a/blobs/uploads/u?mount={D}&from=b%00",
      "/v2/a/blobs/uploads/u?mount={D}&from=",
      "/v2/a/blobs/uploads/u?from",
      "/v2/a/blobs/uploads/u?digest=sha256:abc",
      "/v2/a/blobs/uploads/u?x=1;from=b",
      "/v2/a/blobs/uploads/u?x=%zz",
      "/v2/a/blobs/uploads/u#f",
      "/v2/a/manifests/1?a b",
      "/v2/a/manifests/1\r\nX: y",
      "/v2/a/manifests/1\0"s,
      "/v2/a/manifests/\xc3\xa4",
      // other forms
      "",
      "*",
      "a.test:443",
      "http://a.test/v2/",
      "v2/",
  }));
  CAPTURE(path);
  const auto o = parse_operation("GET", target(path));
  REQUIRE(!o);
  CHECK(o.error().code == errc::bad_message);
}

TEST_CASE("what the API does not know is told apart from what is malformed") {
  struct row {
    std::string method, path;
  };
  const auto r = GENERATE(values<row>({
      {"GET", "/"},
      {"GET", "/v1/"},
      {"GET", "/v2x/"},
      {"GET", "/V2/"},
      {"GET", "//v2/"},
      {"GET", "/%76%32/a/manifests/1"},
      {"GET", "/token?service=x"},
      {"GET", "/v2/a"},
      {"GET", "/v2/_catalog/"},
      {"GET", "/v2/manifests/1"},
      {"GET", "/v2/tags/list"},
      {"GET", "/v2/blobs/uploads/"},
      {"GET", "/v2/a/tags/list/"},
      {"GET", "/v2/a/tags/other"},
      {"PATCH", "/v2/a/blobs/uploads/u/part"},
      {"POST", "/v2/"},
      {"POST", "/v2/a/manifests/1"},
      {"PATCH", "/v2/a/manifests/1"},
      {"get", "/v2/a/manifests/1"},
      {"PUT", "/v2/a/blobs/{D}"},
      {"GET", "/v2/a/blobs/uploads/"},
      {"POST", "/v2/a/blobs/uploads/u"},
      {"DELETE", "/v2/a/tags/list"},
      {"DELETE", "/v2/_catalog"},
      {"CONNECT", "/v2/"},
      {"", "/v2/"},
  }));
  CAPTURE(r.method, r.path);
  const auto o = parse_operation(r.method, target(r.path));
  REQUIRE(!o);
  CHECK(o.error().code == errc::unsupported);
}

TEST_CASE("a mount becomes a plain upload, other parameters as they were") {
  CHECK(without_mount("/v2/a/blobs/uploads/?mount=x&from=y") == "/v2/a/blobs/uploads/");
  CHECK(without_mount("/v2/a/blobs/uploads/?a=%7E&mount=x&b&from=y%2Fz&c=&origin=o") ==
        "/v2/a/blobs/uploads/?a=%7E&b&c=");
  CHECK(without_mount("/v2/a/blobs/uploads/?%6dount=x&mounted=y") == "/v2/a/blobs/uploads/?mounted=y");
  CHECK(without_mount("/v2/a/blobs/uploads/") == "/v2/a/blobs/uploads/");
  CHECK(without_mount("/v2/a/blobs/uploads/?x=1") == "/v2/a/blobs/uploads/?x=1");
}

TEST_CASE("actions have the names of the configuration") {
  CHECK(name_of(action::ping) == "ping");
  CHECK(name_of(action::pull) == "pull");
  CHECK(name_of(action::push) == "push");
  CHECK(name_of(action::remove) == "delete");
  CHECK(name_of(action::catalog) == "catalog");
}
