#include "regpass/tls/ca.hpp"
#include "regpass/tls/context.hpp"
#include "support/certificates.hpp"
#include "support/environment.hpp"
#include "support/full_disk.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

using namespace regpass;
using namespace regpass::testing;
namespace fs = std::filesystem;

namespace {

struct testbed {
  test_ca root = test_ca::make("A root");
  temporary_directory dir;
  temporary_directory empty;
  environment_variable file{"SSL_CERT_FILE", dir.put("roots.pem", root.certificate()).string()};
  environment_variable directory{"SSL_CERT_DIR", empty.path().string()};
  tls::authority ca = tls::authority::open({.dir = dir / "ca", .names = {"a.test"}}, now().wall).value();
  fs::path out = dir / "published";
  std::string hashed;

  testbed() {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%08lx.0", X509_subject_name_hash(ca.certificate()));
    hashed = text.data();
  }
};

ino_t inode_of(const fs::path& path) {
  struct stat info{};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_ino;
}

mode_t mode_of(const fs::path& path) {
  struct stat info{};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode;
}

bool verifies(X509_STORE* store, X509* certificate) {
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> chain(X509_STORE_CTX_new(),
                                                                              X509_STORE_CTX_free);
  X509_STORE_CTX_init(chain.get(), store, certificate, nullptr);
  return X509_verify_cert(chain.get()) == 1;
}

using store_owner = std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)>;

}  // namespace

TEST_CASE("clients find the published CA by file, by hashed name and in the bundle", "[tls]") {
  testbed bed;
  const mode_t mask = ::umask(0077);
  REQUIRE(tls::publish(bed.ca, bed.out));
  ::umask(mask);
  CHECK(content_of(bed.out / "ca.crt") == bed.ca.certificate_pem());
  CHECK(content_of(bed.out / "bundle.crt") == bed.root.certificate() + bed.ca.certificate_pem());
  CHECK((mode_of(bed.out) & 07777U) == 0755);
  for (const auto& entry : fs::directory_iterator(bed.out)) CHECK(mode_of(entry.path()) == (S_IFREG | 0644U));
  CHECK(std::distance(fs::directory_iterator(bed.out), {}) == 3);

  const store_owner by_directory(X509_STORE_new(), X509_STORE_free);
  REQUIRE(X509_STORE_load_path(by_directory.get(), bed.out.c_str()) == 1);
  CHECK(verifies(by_directory.get(), bed.ca.certificate()));
  const store_owner by_bundle(X509_STORE_new(), X509_STORE_free);
  REQUIRE(X509_STORE_load_file(by_bundle.get(), (bed.out / "bundle.crt").c_str()) == 1);
  CHECK(verifies(by_bundle.get(), bed.ca.certificate()));
  CHECK(verifies(by_bundle.get(), certificate_from(bed.root.certificate()).get()));
}

TEST_CASE("unchanged files are not published again", "[tls]") {
  testbed bed;
  REQUIRE(tls::publish(bed.ca, bed.out));
  const auto inode = [&](const char* name) { return inode_of(bed.out / name); };
  const auto ca = inode("ca.crt");
  const auto bundle = inode("bundle.crt");
  std::ofstream(bed.out / bed.hashed) << "something else";
  fs::permissions(bed.out / "bundle.crt", fs::perms::owner_read);
  REQUIRE(tls::publish(bed.ca, bed.out));
  CHECK(inode("ca.crt") == ca);
  CHECK(inode("bundle.crt") != bundle);
  CHECK(content_of(bed.out / bed.hashed) == bed.ca.certificate_pem());
}

TEST_CASE("the bundle holds the CA once, also when the roots have it from an earlier start", "[tls]") {
  testbed bed;
  REQUIRE(tls::publish(bed.ca, bed.out));
  const environment_variable both("SSL_CERT_DIR", bed.out.string());
  REQUIRE(tls::publish(bed.ca, bed.out));
  CHECK(content_of(bed.out / "bundle.crt") == bed.root.certificate() + bed.ca.certificate_pem());
}

TEST_CASE("T23: a symlink planted at a published name is replaced, never followed", "[tls]") {
  testbed bed;
  const std::string name = GENERATE_REF(std::string("ca.crt"), std::string("bundle.crt"), std::string("hash"));
  const fs::path planted = bed.out / (name == "hash" ? bed.hashed : name);
  fs::create_directory(bed.out);
  fs::create_symlink(bed.dir.put("victim", "precious"), planted);
  REQUIRE(tls::publish(bed.ca, bed.out));
  CHECK(mode_of(planted) == (S_IFREG | 0644U));
  CHECK(content_of(bed.dir / "victim") == "precious");
}

TEST_CASE("T23: a symlink to the right content is replaced, too", "[tls]") {
  testbed bed;
  fs::create_directory(bed.out);
  fs::create_symlink(bed.dir / "ca" / "ca.crt", bed.out / "ca.crt");
  REQUIRE(tls::publish(bed.ca, bed.out));
  CHECK_FALSE(fs::is_symlink(bed.out / "ca.crt"));
}

TEST_CASE("an unwritable place is named", "[tls]") {
  testbed bed;
  bed.dir.put("published", "a file");
  auto done = tls::publish(bed.ca, bed.out);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == errc::io);
  CHECK_THAT(done.error().detail, Catch::Matchers::Contains(bed.out.string()));

  fs::remove(bed.out);
  fs::create_directories(bed.out / "ca.crt");
  done = tls::publish(bed.ca, bed.out);
  REQUIRE_FALSE(done);
  CHECK_THAT(done.error().detail, Catch::Matchers::Contains((bed.out / "ca.crt").string()));
  CHECK(std::distance(fs::directory_iterator(bed.out), {}) == 1);  // no temporary file stays
}

TEST_CASE("a full disk leaves the published files unchanged, and nothing partly written (F13)", "[tls]") {
  testbed bed;
  REQUIRE(tls::publish(bed.ca, bed.out));
  const auto before = content_of(bed.out / "bundle.crt");
  const auto files = std::distance(fs::directory_iterator(bed.out), {});
  const auto another = tls::authority::open({.dir = bed.dir / "another", .names = {"a.test"}}, now().wall);
  REQUIRE(another);
  result<void> done;
  {
    const full_disk full(static_cast<std::size_t>(GENERATE(0, 100)));
    done = tls::publish(*another, bed.out);
  }
  REQUIRE_FALSE(done);
  CHECK_THAT(done.error().detail, Catch::Matchers::Contains(bed.out.string()));
  CHECK(content_of(bed.out / "bundle.crt") == before);
  CHECK(std::distance(fs::directory_iterator(bed.out), {}) == files);
  REQUIRE(tls::publish(*another, bed.out));
  CHECK(content_of(bed.out / "bundle.crt") != before);
}
