#include "regpass/registry/manifest.hpp"

#include <catch2/catch.hpp>

using namespace regpass;

namespace {

const std::string one = "sha256:" + std::string(64, '1');
const std::string two = "sha256:" + std::string(64, '2');

}  // namespace

TEST_CASE("A manifest's config is the blob, an index names a manifest") {
  const auto image = registry::parse_manifest(R"({"schemaVersion":2,"config":{"digest":")" + one +
                                              R"("},"layers":[{"digest":")" + two + R"("}]})");
  REQUIRE(image);
  CHECK(image->blob == one);
  CHECK(image->manifest.empty());
  const auto index = registry::parse_manifest(R"({"manifests":[{"digest":")" + two + R"("}]})");
  REQUIRE(index);
  CHECK(index->manifest == two);
  CHECK(index->blob.empty());
}

TEST_CASE("Where there is no config, a layer is the blob") {
  CHECK(registry::parse_manifest(R"({"layers":[{"digest":")" + two + R"("}]})")->blob == two);
  CHECK(registry::parse_manifest(R"({"fsLayers":[{"blobSum":")" + two + R"("}]})")->blob == two);
}

TEST_CASE("What names nothing that is a digest is no manifest") {
  const auto* const text =
      GENERATE("", "{", "[]", "{}", R"({"config":{"digest":"sha256:../../x"}})", R"({"config":"x","layers":[]})",
               R"({"manifests":[]})", R"({"layers":[1]})", R"({"config":{"digest":7}})");
  CHECK_FALSE(registry::parse_manifest(text));
}

TEST_CASE("The first tag of a list, if it is one") {
  CHECK(registry::first_tag(R"({"name":"a","tags":["1","2"]})") == "1");
  CHECK(registry::first_tag(R"({"name":"a","tags":null})")->empty());
  CHECK(registry::first_tag(R"({"tags":["../x"]})")->empty());
  CHECK_FALSE(registry::first_tag("<html>"));
}

TEST_CASE("E6c: what a pushed manifest lacks is told, of what is whole and of formats that are not known nothing") {
  const std::string oci = "application/vnd.oci.image.manifest.v1+json";
  const auto digest = R"({"size":2,"digest":"sha256:)" + std::string(64, 'a') + R"("})";
  const auto image = R"({"schemaVersion":2,"config":)" + digest + R"(,"layers":[]})";
  CHECK(registry::manifest_flaw(image, oci).empty());
  CHECK(registry::manifest_flaw(image, oci + "; charset=utf-8").empty());
  CHECK(registry::manifest_flaw(R"({"schemaVersion":2,"manifests":[]})", "application/vnd.oci.image.index.v1+json")
            .empty());
  CHECK(registry::manifest_flaw(R"({"manifests":[]})", "") == "its schemaVersion is not 2");
  CHECK(registry::manifest_flaw(R"({"schemaVersion":2,"manifests":[{}]})", "") ==
        "one of its manifests lacks a digest or a size");
  CHECK(registry::manifest_flaw(R"({"blobs":[]})", "application/vnd.oci.artifact.manifest.v1+json").empty());
  CHECK(registry::manifest_flaw(R"({"schemaVersion":1,"fsLayers":[]})", "application/json").empty());
  CHECK(registry::manifest_flaw(R"({"schemaVersion":2})", oci) == "it names neither a config and layers nor manifests");
  CHECK(registry::manifest_flaw(R"({"schemaVersion":2})", "") == "it names neither a config and layers nor manifests");
  CHECK(registry::manifest_flaw("", oci) == "it is empty");
  CHECK(registry::manifest_flaw(image.substr(0, 40), oci) == "it is no JSON object");
  CHECK(registry::manifest_flaw(R"({"layers":[]})", oci) == "it names no config");
  CHECK(registry::manifest_flaw(R"({"config":{},"layers":[]})", oci) == "its config has no digest");
  CHECK(registry::manifest_flaw(R"({"config":)" + digest + "}", oci) == "it has no list of layers");
  CHECK(registry::manifest_flaw(R"({"mediaType":"a/b",)" + image.substr(1), oci) ==
        "mediaType a/b, but Content-Type " + oci);
  CHECK(registry::manifest_flaw(R"({"manifests":{}})", "") == "it has no list of manifests");
}
