#include "regpass/registry/reference.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::registry;
using namespace std::string_literals;

namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

}  // namespace

TEST_CASE("repository names follow the grammar of the distribution specification (T05)") {
  for (const std::string name : {"a", "0", "team-a/app", "a.b_c__d---e/f", "blobs/manifests/tags/list", "a/b/c/d/e"}) {
    CAPTURE(name);
    CHECK(is_repository(name));
  }
  for (const std::string& name :
       {""s,      "/"s,     "a/"s,   "/a"s,   "a//b"s,  "A"s,        "a B"s,  ".a"s,   "a."s, "-a"s,
        "a-"s,    "_a"s,    "a..b"s, "a._b"s, "a___b"s, "a.-b"s,     "a-_b"s, "."s,    ".."s, "a/../b"s,
        "a/./b"s, "a%2fb"s, "a:b"s,  "a@b"s,  "a\0b"s,  "\xc3\xa4"s, "a;b"s,  "a\\b"s, "a*"s}) {
    CAPTURE(name);
    CHECK_FALSE(is_repository(name));
  }
  CHECK(is_repository(std::string(255, 'a')));
  CHECK_FALSE(is_repository(std::string(256, 'a')));
}

TEST_CASE("tags follow the grammar (T05)") {
  for (const std::string tag : {"latest", "1.0", "_x", "A-b_C.d", "3"}) CHECK(is_tag(tag));
  for (const std::string& tag : {""s, "."s, ".."s, "-a"s, "a/b"s, "a:b"s, "a b"s, "a%2f"s, "a\0"s, "a+b"s})
    CHECK_FALSE(is_tag(tag));
  CHECK(is_tag(std::string(128, 'a')));
  CHECK_FALSE(is_tag(std::string(129, 'a')));
}

TEST_CASE("digests have a known algorithm and its exact length in lower-case hex (T05, CVE-2024-3727)") {
  CHECK(is_digest(digest));
  CHECK(is_digest("sha512:" + std::string(128, '0')));
  for (const std::string& text :
       {""s, "sha256:"s, digest + "a", digest.substr(0, 70), "sha256:" + std::string(64, 'A'),
        "sha256:" + std::string(64, 'g'), "SHA256:" + std::string(64, 'a'), "sha512:" + std::string(64, 'a'),
        "sha256:" + std::string(128, 'a'), "md5:" + std::string(32, 'a'), "sha256:../../" + std::string(58, 'a'),
        std::string(64, 'a')}) {
    CAPTURE(text);
    CHECK_FALSE(is_digest(text));
  }
}

TEST_CASE("image references are read by the Docker rule") {
  struct row {
    std::string text, full;
  };
  const auto r = GENERATE(values<row>({
      {"alpine", "docker.io/library/alpine:latest"},
      {"alpine:3", "docker.io/library/alpine:3"},
      {"localhost:5000", "docker.io/library/localhost:5000"},
      {"team/app", "docker.io/team/app:latest"},
      {"docker.io/alpine", "docker.io/library/alpine:latest"},
      {"index.docker.io/team/app:1", "docker.io/team/app:1"},
      {"registry.test:5443/team-a/app:1", "registry.test:5443/team-a/app:1"},
      {"registry.test:443/app", "registry.test/app:latest"},
      {"Registry.Test/app", "registry.test/app:latest"},
      {"localhost/app", "localhost/app:latest"},
      {"[::1]:5000/app:1", "[::1]:5000/app:1"},
      {"a.test/x@" + digest, "a.test/x@" + digest},
      {"a.test/x:1@" + digest, "a.test/x:1@" + digest},
      {"alpine@" + digest, "docker.io/library/alpine@" + digest},
  }));
  const auto ref = parse_reference(r.text);
  REQUIRE(ref);
  CHECK(to_text(*ref) == r.full);
  CHECK(to_text(*parse_reference(r.full)) == r.full);
}

TEST_CASE("a reference to a host of one label is read again as the same") {
  const auto text = GENERATE(as<std::string>(), "registry./x", "registry:443/x", "registry:5000/x", "localhost/x");
  CAPTURE(text);
  const auto ref = parse_reference(text);
  REQUIRE(ref);
  const auto again = parse_reference(to_text(*ref));
  REQUIRE(again);
  CHECK(again->host == ref->host);
  CHECK(again->repository == "x");
}

TEST_CASE("malformed image references are refused") {
  struct row {
    std::string text, reason;
  };
  const auto r = GENERATE(values<row>({
      {"", "no repository name"},
      {"a.test/", "no repository name"},
      {"Alpine", "lower case"},
      {"a.test/App", "lower case"},
      {"a.test/x:", "no tag"},
      {"a.test/x:.1", "no tag"},
      {"a.test/x@sha256:abc", "no digest"},
      {"a.test/x@", "no digest"},
      {"docker://a.test/x", "no scheme"},
      {"https://a.test/x", "no scheme"},
      {"a.test:port/x", "port"},
      {"a..test/x", "no host name"},
      {"a.test/../x", "no repository name"},
      {"a.test//x", "no repository name"},
      {"/x", "no repository name"},
      {std::string(250, 'a'), "no repository name"},
  }));
  CAPTURE(r.text);
  const auto ref = parse_reference(r.text);
  REQUIRE(!ref);
  CHECK(ref.error().code == errc::bad_input);
  CHECK(ref.error().detail.find(r.reason) != std::string::npos);
}
