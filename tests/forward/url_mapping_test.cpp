#include "forward/modes/url_mapping.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace regpass;
using namespace regpass::forward;

namespace {

const http::origin harbor{"https", "harbor.test", 443};
const http::origin ported{"https", "registry.test", 5443};
const http::origin listener{"http", "127.0.0.1", 5001};
const std::string asked = "/v2/team-a/app/blobs/uploads/";

facade mirror(const http::origin& registry = harbor) {
  return {.registry = registry, .shown = listener};
}

facade prefixed(bool behind) {
  return {.registry = harbor, .shown = listener, .prefix = "hub", .prefix_behind_v2 = behind};
}

facade upgraded(const http::origin& registry, std::uint16_t port) {
  return {.registry = registry, .shown = {"http", registry.host, port}};
}

facade direct(const http::origin& registry) {
  return {.registry = registry, .shown = registry};
}

struct row {
  facade as;
  std::string reference, expected;
};

}  // namespace

TEST_CASE("References to the registry's own origin lead back to where the client reached it") {
  const auto r = GENERATE(values<row>({
      {mirror(), "https://harbor.test/v2/a/x?_state=a%2Fb%3D", "http://127.0.0.1:5001/v2/a/x?_state=a%2Fb%3D"},
      {mirror(), "https://HARBOR.test:443/v2/a/x", "http://127.0.0.1:5001/v2/a/x"},
      {mirror(), "http://harbor.test/v2/a/x", "http://127.0.0.1:5001/v2/a/x"},
      {mirror(), "http://harbor.test:443/v2/a/x", "http://127.0.0.1:5001/v2/a/x"},
      {mirror(), "//harbor.test/v2/a/x", "http://127.0.0.1:5001/v2/a/x"},
      {mirror(), "https://harbor.test", "http://127.0.0.1:5001/"},
      {mirror(ported), "https://registry.test:5443/u/1", "http://127.0.0.1:5001/u/1"},
      {mirror(ported), "http://registry.test:5443/u/1", "http://127.0.0.1:5001/u/1"},
      {upgraded(harbor, 80), "https://harbor.test/v2/a/x", "http://harbor.test/v2/a/x"},
      {upgraded(harbor, 80), "https://harbor.test:443/v2/a/x", "http://harbor.test/v2/a/x"},
      {upgraded(ported, 5443), "https://registry.test:5443/v2/a/x", "http://registry.test:5443/v2/a/x"},
      {direct(harbor), "http://harbor.test/v2/a/x", "https://harbor.test/v2/a/x"},
      {direct(harbor), "http://harbor.test:443/v2/a/x?y=%20", "https://harbor.test/v2/a/x?y=%20"},
      {direct(ported), "http://registry.test:5443/v2/a/x", "https://registry.test:5443/v2/a/x"},
  }));
  INFO(r.reference);
  CHECK(rewritten(r.as, asked, r.reference) == r.expected);
}

TEST_CASE("A mirror's prefix and the registry selected by ns are part of every rewritten reference") {
  auto chosen = mirror(ported);
  chosen.selected = "registry.test:5443";
  auto both = prefixed(false);
  both.selected = "harbor.test";
  const auto r = GENERATE_COPY(values<row>({
      {prefixed(false), "https://harbor.test/v2/a/x?s=1", "http://127.0.0.1:5001/hub/v2/a/x?s=1"},
      {prefixed(true), "https://harbor.test/v2/a/x?s=1", "http://127.0.0.1:5001/v2/hub/a/x?s=1"},
      {prefixed(false), "/v2/a/x?s=1", "/hub/v2/a/x?s=1"},
      {prefixed(true), "/v2/a/x?s=1", "/v2/hub/a/x?s=1"},
      {prefixed(false), "/_uploads/1", "/hub/_uploads/1"},
      {prefixed(true), "/_uploads/1", "/hub/_uploads/1"},  // accepted by every mirror with that path
      {prefixed(false), "state?s=1", "/hub" + asked + "state?s=1"},
      {prefixed(true), "../../../../../_uploads/1", "/hub/_uploads/1"},
      {prefixed(false), "?s=1", "/hub" + asked + "?s=1"},
      {chosen, "https://registry.test:5443/v2/a/x?s=1", "http://127.0.0.1:5001/v2/a/x?s=1&ns=registry.test%3A5443"},
      {chosen, "/v2/a/x", "/v2/a/x?ns=registry.test%3A5443"},
      {chosen, "state", asked + "state?ns=registry.test%3A5443"},
      {both, "/v2/a/x?s=1", "/hub/v2/a/x?s=1&ns=harbor.test"},
  }));
  INFO(r.reference);
  CHECK(rewritten(r.as, asked, r.reference) == r.expected);
}

TEST_CASE("T11 other origins, invalid URLs, and references that need no rewriting stay unchanged") {
  const std::vector<facade> all{mirror(), prefixed(false), prefixed(true), upgraded(harbor, 80), direct(harbor)};
  const auto& as = all[GENERATE(0U, 1U, 2U, 3U, 4U)];
  const std::string text = GENERATE("https://cdn.test/blob?X-Amz-Signature=abc%2Fdef",
                                    "https://harbor.test:8443/v2/a/x", "http://harbor.test:8080/v2/a/x",
                                    "https://sub.harbor.test/v2/a/x", "https://harbor.test.evil.test/v2/a/x",
                                    "https://user@harbor.test/v2/a/x", "https://harbor.test@evil.test/",
                                    "//cdn.test/blob", "ftp://harbor.test/x", "mailto:x@harbor.test", "https://", "");
  INFO(text);
  const bool relative = text.empty();
  if (relative && !as.prefix.empty()) return;  // an empty reference is the request itself
  CHECK(rewritten(as, asked, text) == text);
}

TEST_CASE("R1: bytes that clients have to escape in a Location are escaped before it is rewritten") {
  CHECK(rewritten(mirror(), asked, "https://harbor.test/v2/a b") == "http://127.0.0.1:5001/v2/a%20b");
  CHECK(rewritten(prefixed(false), asked, "/v2/a b?c={d}#e") == "/hub/v2/a%20b?c=%7Bd%7D");
  CHECK(rewritten(direct(harbor), asked, "https://harbor.test/v2/a b") == "https://harbor.test/v2/a b");
  CHECK(rewritten(direct(harbor), asked, "/v2/a b") == "/v2/a b");
}

TEST_CASE("Relative references of a registry under its own path are left for the client to resolve") {
  const std::vector<facade> all{mirror(), upgraded(harbor, 80), direct(harbor)};
  const auto& as = all[GENERATE(0U, 1U, 2U)];
  const std::string text = GENERATE("/v2/a/x?s=a%2Fb", "state", "../x", "?s=1", "/_uploads/1");
  CHECK(rewritten(as, asked, text) == text);
}

TEST_CASE("A direct client gets its own spelling back, and plain HTTP is left alone where the registry speaks it") {
  for (const std::string text : {"https://HARBOR.test:443/v2/a/x", "//harbor.test/v2/a/x", "https://harbor.test"})
    CHECK(rewritten(direct(harbor), asked, text) == text);
  const http::origin plain{"http", "plain.test", 5000};
  for (const std::string text : {"http://plain.test:5000/v2/a/x", "https://plain.test:5000/v2/a/x"})
    CHECK(rewritten(direct(plain), asked, text) == text);
}

TEST_CASE("Link targets are rewritten one by one, and nothing else of the field") {
  struct link {
    std::string value, expected;
  };
  const auto r = GENERATE(values<link>({
      {R"(</v2/a/tags/list?n=2&last=b>; rel="next")", R"(</hub/v2/a/tags/list?n=2&last=b>; rel="next")"},
      {R"(<https://harbor.test/v2/a/tags/list?n=2>; rel="next", <https://cdn.test/x>; rel="alternate")",
       R"(<http://127.0.0.1:5001/hub/v2/a/tags/list?n=2>; rel="next", <https://cdn.test/x>; rel="alternate")"},
      {R"(</v2/a>; title="</v2/b> \" </v2/c>"; rel=next)", R"(</hub/v2/a>; title="</v2/b> \" </v2/c>"; rel=next)"},
      {R"(</v2/a)", R"(</v2/a)"},
      {R"(no link; "<)", R"(no link; "<)"},
  }));
  http::fields fields;
  fields.add("Link", r.value);
  rewrite_references(fields, prefixed(false), "/v2/a/tags/list?n=2");
  CHECK(fields.get("Link") == r.expected);
}

TEST_CASE("Every field of the name is rewritten, others are not") {
  http::fields fields;
  fields.add("Link", "</v2/a>");
  fields.add("Location", "https://harbor.test/v2/a/x");
  fields.add("X-Other", "https://harbor.test/v2/a/x");
  fields.add("link", "</v2/b>");
  rewrite_references(fields, prefixed(true), asked);
  CHECK(fields.all("Link") == std::vector<std::string_view>{"</v2/hub/a>", "</v2/hub/b>"});
  CHECK(fields.all("Location") == std::vector<std::string_view>{"http://127.0.0.1:5001/v2/hub/a/x"});
  CHECK(fields.get("X-Other") == "https://harbor.test/v2/a/x");
}

TEST_CASE("Registry hints are kept by the registry's own path of a reference") {
  CHECK(own_target(harbor, asked, "state?s=1") == asked + "state?s=1");
  CHECK(own_target(harbor, asked, "https://harbor.test/u/1") == "/u/1");
  CHECK(own_target(harbor, asked, "http://harbor.test/u/1") == "/u/1");
  CHECK(own_target(harbor, asked, "/u/../x") == "/x");
  for (const auto* other : {"https://cdn.test/u/1", "//evil.test/u/1", "https://user@harbor.test/u/1", "http://"})
    CHECK_FALSE(own_target(harbor, asked, other).has_value());
}
