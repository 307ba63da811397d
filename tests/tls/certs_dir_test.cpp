#include "tls/trust/certs_dir.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace regpass;
using namespace regpass::testing;
using Catch::Contains;

namespace {

using std::filesystem::path;
using paths = std::vector<path>;

struct certs_d {
  path put(const std::string& host, const std::string& name) const {
    std::filesystem::create_directories(dir / host);
    return dir.put(host + "/" + name, "x");
  }
  result<tls::trust> of(const std::string& host, tls::trust known = {}) const {
    return tls::with_certs_dir(std::move(known), dir / "", {host});
  }
  temporary_directory dir;
};

}  // namespace

TEST_CASE("certs.d: every .crt is a CA, .cert and .key of one stem are the client certificate", "[tls]") {
  certs_d d;
  const auto b = d.put("a.test:5000", "b.crt");
  const auto a = d.put("a.test:5000", "a.crt");
  const auto cert = d.put("a.test:5000", "client.cert");
  const auto key = d.put("a.test:5000", "client.key");
  d.put("a.test:5000", "README");
  d.put("other.test", "c.crt");
  const auto found = d.of("a.test:5000");
  REQUIRE(found);
  CHECK(found->more_ca_files == paths{a, b});
  CHECK(found->client_cert_file == cert);
  CHECK(found->client_key_file == key);
  CHECK(found->ca_file.empty());
}

TEST_CASE("certs.d: a host without a directory, or no certs.d at all, changes nothing", "[tls]") {
  certs_d d;
  d.put("a.test:5000", "a.crt");
  CHECK(d.of("a.test") == tls::trust());
  CHECK(tls::with_certs_dir({}, d.dir / "none", {"a.test"}) == tls::trust());
  CHECK(tls::with_certs_dir({}, "", {"a.test"}) == tls::trust());
}

TEST_CASE("certs.d: the first name that has a directory counts", "[tls]") {
  certs_d d;
  const auto file = d.put("a.test:443", "a.crt");
  CHECK(tls::with_certs_dir({}, d.dir / "", {"a.test", "a.test:443"})->more_ca_files == paths{file});
}

TEST_CASE("certs.d: the registry's configuration takes precedence", "[tls]") {
  certs_d d;
  const auto ca = d.put("a.test", "a.crt");
  const auto cert = d.put("a.test", "client.cert");
  const auto key = d.put("a.test", "client.key");
  const auto own_ca = d.of("a.test", {.ca_file = "/own.crt"});
  REQUIRE(own_ca);
  CHECK(own_ca->more_ca_files.empty());
  CHECK(own_ca->client_cert_file == cert);
  const auto own_pair = d.of("a.test", {.client_cert_file = "/own.cert", .client_key_file = "/own.key"});
  REQUIRE(own_pair);
  CHECK(own_pair->client_cert_file == "/own.cert");
  CHECK(own_pair->client_key_file == "/own.key");
  CHECK(own_pair->more_ca_files == paths{ca});
}

TEST_CASE("certs.d: half a client certificate, or two, is an error that names the file", "[tls]") {
  certs_d d;
  const auto cert = d.put("cert.test", "client.cert");
  const auto key = d.put("key.test", "client.key");
  for (const auto* name : {"a", "b"}) {
    d.put("two.test", std::string(name) + ".cert");
    d.put("two.test", std::string(name) + ".key");
  }
  CHECK_THAT(d.of("cert.test").error().detail, Contains(cert.string() + " has no client.key"));
  CHECK_THAT(d.of("key.test").error().detail, Contains(key.string() + " has no client.cert"));
  CHECK_THAT(d.of("two.test").error().detail, Contains("b.cert is a second client certificate besides"));
  CHECK(d.of("cert.test", {.client_cert_file = "/own.cert", .client_key_file = "/own.key"}));
}

TEST_CASE("certs.d: a file where the directory should be is an error that names it", "[tls]") {
  certs_d d;
  d.dir.put("a.test", "x");
  CHECK_THAT(d.of("a.test").error().detail, Contains("cannot read the directory") && Contains("a.test"));
}
