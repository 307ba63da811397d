#include "regpass/tls/ca.hpp"

#include "support/certificates.hpp"
#include "support/full_disk.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::Matches;
namespace fs = std::filesystem;

namespace {

using names = std::vector<std::string>;

mode_t mode_of(const fs::path& path) {
  struct stat info{};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

result<tls::authority> open_in(const fs::path& dir, const names& covered = {"a.test"}, wall_time at = now().wall) {
  return tls::authority::open({.dir = dir, .names = covered}, at);
}

tls::authority must_open(const fs::path& dir, const names& covered = {"a.test"}) {
  auto opened = open_in(dir, covered);
  if (!opened) FAIL(to_text(opened.error()));
  return std::move(*opened);
}

error must_fail(const fs::path& dir, wall_time at = now().wall) {
  const auto opened = open_in(dir, {"a.test"}, at);
  REQUIRE_FALSE(opened);
  return opened.error();
}

// Is a certificate for these names, signed by the CA's own key, good in the eyes of a client that trusts the CA?
int verdict_on(const fs::path& ca_dir, const names& leaf_names) {
  const std::string ca_pem = content_of(ca_dir / "ca.crt");
  const auto ca = certificate_from(ca_pem);
  const auto leaf = certificate_from(
      test_ca::from(ca_pem, content_of(ca_dir / "ca.key")).issue(leaf_names, {.common_name = "no host"}).certificate);
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), ca.get());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> chain(X509_STORE_CTX_new(),
                                                                              X509_STORE_CTX_free);
  X509_STORE_CTX_init(chain.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(chain.get(), X509_PURPOSE_SSL_SERVER);
  X509_verify_cert(chain.get());
  return X509_STORE_CTX_get_error(chain.get());
}

// A pair in the directory that others made, with the certificate and the key given.
void plant(const temporary_directory& dir, std::string_view certificate, std::string_view key) {
  dir.put("ca.crt", certificate);
  dir.put("ca.key", key);
}

}  // namespace

TEST_CASE("T23: a new CA's files have the modes that keep its key private", "[tls]") {
  temporary_directory dir;
  const fs::path ca_dir = dir.path() / "state" / "ca" / "";
  const auto ca = must_open(ca_dir);
  CHECK(ca.created());
  CHECK(mode_of(dir.path() / "state" / "ca") == 0700);
  CHECK(mode_of(ca_dir / "ca.key") == 0600);
  CHECK(mode_of(ca_dir / "ca.crt") == 0644);
  CHECK(content_of(ca_dir / "ca.crt") == ca.certificate_pem());
  CHECK(std::distance(fs::directory_iterator(ca_dir), {}) == 2);
}

TEST_CASE("T23: a directory that others may read is closed to them before the key is written", "[tls]") {
  temporary_directory dir;
  fs::permissions(dir.path(), fs::perms::all);
  must_open(dir.path());
  CHECK(mode_of(dir.path()) == 0700);
}

TEST_CASE("a new CA has the expected properties", "[tls]") {
  temporary_directory dir;
  const auto ca = must_open(dir.path());
  X509* certificate = ca.certificate();
  CHECK(X509_check_ca(certificate) == 1);
  CHECK(X509_get_pathlen(certificate) == 0);
  CHECK(EVP_PKEY_get_bits(ca.key()) == 256);
  CHECK(X509_verify(certificate, ca.key()) == 1);
  CHECK(X509_get_extension_flags(certificate) & EXFLAG_SS);
  const int constraints = X509_get_ext_by_NID(certificate, NID_name_constraints, -1);
  REQUIRE(constraints >= 0);
  CHECK(X509_EXTENSION_get_critical(X509_get_ext(certificate, constraints)) == 1);
  CHECK(ca.not_after() > now().wall + 364 * 24h);
  CHECK(ca.not_after() < now().wall + 366 * 24h);
  CHECK(X509_cmp_timeframe(nullptr, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)) == 0);
  CHECK_THAT(ca.fingerprint(), Matches("([0-9A-F]{2}:){31}[0-9A-F]{2}"));
  std::array<char, 100> subject{};
  X509_NAME_oneline(X509_get_subject_name(certificate), subject.data(), subject.size());
  CHECK_THAT(subject.data(), Matches("/O=regpass/CN=regpass CA [0-9a-f]{8}"));
}

TEST_CASE("a CA is reused after a restart (F11)", "[tls]") {
  temporary_directory dir;
  const auto first = must_open(dir.path());
  const auto again = must_open(dir.path(), {"other.test"});
  CHECK_FALSE(again.created());
  CHECK(again.fingerprint() == first.fingerprint());
  CHECK(again.certificate_pem() == first.certificate_pem());
  CHECK(again.names() == names{"a.test"});
}

TEST_CASE("two CAs are never the same", "[tls]") {
  temporary_directory one;
  temporary_directory two;
  const auto first = must_open(one.path());
  const auto second = must_open(two.path());
  CHECK(first.fingerprint() != second.fingerprint());
  CHECK(X509_subject_name_hash(first.certificate()) != X509_subject_name_hash(second.certificate()));
}

TEST_CASE("T23: after a crash between key and certificate the same key is used (F11)", "[tls]") {
  temporary_directory dir;
  must_open(dir.path());
  const std::string key = content_of(dir / "ca.key");
  fs::remove(dir / "ca.crt");
  dir.put(".ca.crt.0123456789abcdef.tmp", "half a certif");
  const auto ca = must_open(dir.path());
  CHECK(ca.created());
  CHECK(content_of(dir / "ca.key") == key);
  CHECK(must_open(dir.path()).fingerprint() == ca.fingerprint());
}

TEST_CASE("a full disk leaves no partial CA, and freeing space is enough to recover (F13)", "[tls]") {
  const temporary_directory dir;
  const auto room = static_cast<std::size_t>(GENERATE(0, 100));
  {
    const full_disk full(room);
    const auto problem = must_fail(dir.path());
    CHECK(problem.os == EFBIG);
    CHECK_THAT(problem.detail, Contains(dir.path().string()));
  }
  for (const auto& left : fs::directory_iterator(dir.path())) CHECK(left.file_size() == 0);  // at most a lock
  must_open(dir.path());
}

TEST_CASE("processes that start together end up with one CA", "[tls]") {
  temporary_directory dir;
  std::vector<std::string> fingerprints(8);
  std::vector<std::thread> threads;
  for (auto& fingerprint : fingerprints) {
    threads.emplace_back([&] {
      const auto ca = open_in(dir / "ca");
      fingerprint = ca ? ca->fingerprint() : to_text(ca.error());
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& fingerprint : fingerprints) CHECK(fingerprint == must_open(dir / "ca").fingerprint());
}

TEST_CASE("T23: a certificate outside the intercepted names fails with those who trust the CA", "[tls]") {
  struct row {
    names covered;
    names leaf;
    int verdict;
  };
  const auto [covered, leaf, verdict] =
      GENERATE(table<names, names, int>({{{"a.test"}, {"a.test"}, X509_V_OK},
                                         {{"a.test"}, {"x.a.test"}, X509_V_OK},
                                         {{"a.test"}, {"b.test"}, X509_V_ERR_PERMITTED_VIOLATION},
                                         {{"a.test"}, {"xa.test"}, X509_V_ERR_PERMITTED_VIOLATION},
                                         {{"a.test"}, {"a.test", "google.com"}, X509_V_ERR_PERMITTED_VIOLATION},
                                         {{"a.test"}, {"10.0.0.7"}, X509_V_ERR_EXCLUDED_VIOLATION},
                                         {{"a.test"}, {"fd00::7"}, X509_V_ERR_EXCLUDED_VIOLATION},
                                         {{"a.test", "10.0.0.7"}, {"10.0.0.7"}, X509_V_OK},
                                         {{"a.test", "10.0.0.7"}, {"10.0.0.8"}, X509_V_ERR_PERMITTED_VIOLATION},
                                         {{"a.test", "10.0.0.7"}, {"fd00::7"}, X509_V_ERR_PERMITTED_VIOLATION},
                                         {{"fd00::7"}, {"fd00::7"}, X509_V_OK},
                                         {{"fd00::7"}, {"a.test"}, X509_V_ERR_PERMITTED_VIOLATION},
                                         {{}, {"a.test"}, X509_V_ERR_PERMITTED_VIOLATION},
                                         {{}, {"10.0.0.7"}, X509_V_ERR_EXCLUDED_VIOLATION}}));
  CAPTURE(covered, leaf);
  temporary_directory dir;
  const auto ca = must_open(dir.path(), covered);
  CHECK(verdict_on(dir.path(), leaf) == verdict);
  if (leaf.size() == 1) CHECK(ca.covers(leaf.front()) == (verdict == X509_V_OK));
}

TEST_CASE("a CA covers its names, however they are written", "[tls]") {
  temporary_directory dir;
  const auto ca = must_open(dir.path(), {"Harbor.Example.COM.", "10.0.0.7", "fd00::7"});
  CHECK(ca.names() == names{"harbor.example.com", "10.0.0.7", "fd00::7"});
  for (const auto* name : {"harbor.example.com", "HARBOR.example.com.", "10.0.0.7", "FD00:0:0::7"})
    CHECK(ca.covers(name));
  for (const auto* name : {"", ".", "*.harbor.example.com", "example.com", "harbor.example.com.evil", "a b"}) {
    CHECK_FALSE(ca.covers(name));
  }
}

TEST_CASE("an invalid name is an error, and nothing is written", "[tls]") {
  temporary_directory dir;
  const auto opened = open_in(dir / "ca", {"a.test", "b,permitted;DNS:c.test"});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::bad_input);
  CHECK_THAT(opened.error().detail, Contains("b,permitted;DNS:c.test"));
  CHECK_FALSE(fs::exists(dir / "ca"));
}

TEST_CASE("a foreign pair is used; without constraints it covers every name", "[tls]") {
  temporary_directory dir;
  const auto kind = GENERATE(key_kind::p256, key_kind::rsa2048);
  const test_ca platform = test_ca::make("Platform CA", {.key = kind});
  plant(dir, platform.certificate(), platform.key());
  const auto ca = must_open(dir.path());
  CHECK_FALSE(ca.created());
  CHECK(ca.certificate_pem() == platform.certificate());
  CHECK(ca.names().empty());
  CHECK(ca.covers("anything.example"));
}

TEST_CASE("the links of a Kubernetes secret are followed", "[tls]") {
  temporary_directory dir;
  const test_ca platform = test_ca::make();
  fs::create_directory(dir / "..2026_08_01");
  dir.put("..2026_08_01/ca.crt", platform.certificate());
  dir.put("..2026_08_01/ca.key", platform.key());
  fs::create_symlink("..2026_08_01", dir / "..data");
  fs::create_symlink("..data/ca.crt", dir / "ca.crt");
  fs::create_symlink("..data/ca.key", dir / "ca.key");
  CHECK(must_open(dir.path()).certificate_pem() == platform.certificate());
}

TEST_CASE("a pair that is swapped while it is read is read again", "[tls]") {
  temporary_directory dir;
  const test_ca before = test_ca::make("Before");
  const test_ca after = test_ca::make("After");
  plant(dir, before.certificate(), after.key());
  std::thread writer([&] {
    std::this_thread::sleep_for(30ms);
    dir.put("ca.crt.new", after.certificate());
    fs::rename(dir / "ca.crt.new", dir / "ca.crt");
  });
  CHECK(must_open(dir.path()).certificate_pem() == after.certificate());
  writer.join();
}

TEST_CASE("T23: a symlink planted in place of a CA file is neither followed nor written through", "[tls]") {
  temporary_directory dir;
  temporary_directory elsewhere;
  const std::string planted = GENERATE("ca.key", "ca.crt");
  const test_ca theirs = test_ca::make("Theirs");
  SECTION("to a good file") {
    must_open(dir.path());
    fs::remove(dir / planted);
    fs::create_symlink(elsewhere.put("target", planted == "ca.key" ? theirs.key() : theirs.certificate()),
                       dir / planted);
  }
  SECTION("to nothing") {
    fs::create_symlink(elsewhere / "target", dir / planted);
  }
  SECTION("into a ..data of another directory") {
    fs::create_symlink("../..data/" + planted, dir / planted);
  }
  const auto failure = must_fail(dir.path());
  CHECK(failure.code == errc::bad_input);
  CHECK_THAT(failure.detail, Contains((dir / planted).string()) && Contains("symbolic link"));
  if (planted == "ca.crt") CHECK(fs::is_symlink(dir / planted));
  if (fs::exists(elsewhere / "target")) {
    CHECK(content_of(elsewhere / "target") == (planted == "ca.key" ? theirs.key() : theirs.certificate()));
  }
}

TEST_CASE("T23: files of another user are not taken for ours", "[tls]") {
  if (::geteuid() != 0) return;  // only root can give files away
  temporary_directory dir;
  must_open(dir.path());
  const std::string planted = GENERATE("ca.key", "ca.crt");
  REQUIRE(::chown((dir / planted).c_str(), 12345, 12345) == 0);
  const auto failure = must_fail(dir.path());
  CHECK(failure.code == errc::bad_input);
  CHECK_THAT(failure.detail, Contains(planted) && Contains("belongs to user 12345"));
}

TEST_CASE("T23: a new CA is not put where other users may write", "[tls]") {
  if (::geteuid() != 0) return;
  temporary_directory dir;
  REQUIRE(::chown(dir.path().c_str(), 12345, 12345) == 0);
  CHECK_THAT(must_fail(dir.path()).detail, Contains("other users"));
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("an unusable pair is an error that names it, and is not changed", "[tls]") {
  temporary_directory dir;
  const test_ca good = test_ca::make();
  const test_ca other = test_ca::make("Other");
  const issued leaf = good.issue({"a.test"});
  struct row {
    const char* what;
    std::string certificate;
    std::string key;
    errc code;
    std::string says;
  };
  const std::vector<row> rows{
      {"mismatched", good.certificate(), other.key(), errc::bad_input, "ca.key is not the key"},
      {"no key", good.certificate(), "", errc::bad_input, "ca.key holds no private key"},
      {"corrupt key", good.certificate(), good.key().substr(0, 120), errc::bad_input, "ca.key holds no private key"},
      {"no certificate", "", good.key(), errc::bad_input, "ca.crt holds no certificate"},
      {"corrupt certificate", good.certificate().substr(0, 300), good.key(), errc::bad_input, "ca.crt is malformed"},
      {"no CA", leaf.certificate, leaf.key, errc::bad_input, "no CA certificate"},
  };
  for (const auto& [what, certificate, key, code, says] : rows) {
    DYNAMIC_SECTION(what) {
      plant(dir, certificate, key);
      const auto failure = must_fail(dir.path());
      CHECK(failure.code == code);
      CHECK_THAT(failure.detail,
                 Contains(dir.path().string()) && Contains(says) && Contains("delete ca.key and ca.crt"));
      CHECK(content_of(dir / "ca.crt") == certificate);
      CHECK(content_of(dir / "ca.key") == key);
    }
  }
  DYNAMIC_SECTION("a certificate alone") {
    dir.put("ca.crt", good.certificate());
    CHECK_THAT(must_fail(dir.path()).detail, Contains("no ca.key"));
  }
  DYNAMIC_SECTION("something else than a file") {
    fs::create_directory(dir / "ca.key");
    CHECK_THAT(must_fail(dir.path()).detail, Contains("ca.key is not a regular file"));
  }
}

TEST_CASE("a CA outside its validity is an error, and is not changed", "[tls]") {
  temporary_directory dir;
  const auto ca = must_open(dir.path());
  const auto late = must_fail(dir.path(), now().wall + 366 * 24h);
  CHECK(late.code == errc::expired);
  CHECK_THAT(late.detail, Contains("ended at " + rfc3339(ca.not_after())) &&
                              Matches(".*clock says .*set the clock.*if it is right, delete ca.key and ca.crt.*"));
  CHECK(must_open(dir.path()).fingerprint() == ca.fingerprint());
}

TEST_CASE("A9: a CA that is not valid yet by the clock is used, and the warning names the clock first", "[tls]") {
  temporary_directory dir;
  const auto ca = must_open(dir.path());
  for (const auto at : {now().wall - 20 * 24h, wall_time()}) {
    const auto early = open_in(dir.path(), {"a.test"}, at);
    REQUIRE(early);
    CHECK(early->fingerprint() == ca.fingerprint());
    REQUIRE(early->remarks().size() == 1);
    CHECK_THAT(early->remarks().front(), Contains("clock says " + rfc3339(at)) && Contains("not valid before") &&
                                             Matches(".*set the clock; if it is right, delete ca.key and ca.crt.*"));
  }
  CHECK(must_open(dir.path()).remarks().empty());
}
