#include "regpass/tls/context.hpp"

#include "support/environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>
#include <openssl/ssl.h>
#include <sys/stat.h>

using namespace regpass;
using namespace regpass::testing;
using Catch::Matchers::Contains;

namespace {

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

std::size_t certificates_in(std::string_view pem) {
  return count(pem, "-----BEGIN CERTIFICATE-----");
}

// A system of its own: one bundle file and one directory.
struct fake_system {
  test_ca in_file = test_ca::make("In the file");
  test_ca in_directory = test_ca::make("In the directory");
  temporary_directory dir;
  temporary_directory roots;
  environment_variable file{"SSL_CERT_FILE", dir.put("bundle.pem", in_file.certificate()).string()};
  environment_variable directory{"SSL_CERT_DIR", roots.path().string()};

  fake_system() { roots.put("any-name.pem", in_directory.certificate()); }
};

bool believes(const tls::context& client, const test_ca& ca) {
  tls_pair pair(client, server_context(ca.issue({"a.test"})), "a.test");
  pair.settle();
  return pair.connected();
}

}  // namespace

TEST_CASE("the system's roots are the bundle file and every file of the directories", "[tls]") {
  fake_system system;
  const auto client = value_of(tls::make_client_context({}));
  CHECK(believes(client, system.in_file));
  CHECK(believes(client, system.in_directory));
  CHECK_FALSE(believes(client, test_ca::make("Unknown")));
}

TEST_CASE("directories are separated by colons, and missing ones are skipped", "[tls]") {
  fake_system system;
  const environment_variable list("SSL_CERT_DIR", ":/nonexistent:" + system.roots.path().string() + ":");
  CHECK(believes(value_of(tls::make_client_context({})), system.in_directory));
}

TEST_CASE("files without a certificate in a directory of roots are skipped", "[tls]") {
  fake_system system;
  system.roots.put("README", "no certificate");
  system.roots.put("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  system.roots.put("cut.pem", system.in_file.certificate().substr(0, 200));
  system.roots.put("key.pem", system.in_file.key());
  std::filesystem::create_directory(system.roots / "sub");
  REQUIRE(::mkfifo((system.roots / "fifo").c_str(), 0600) == 0);
  std::filesystem::create_symlink("loop", system.roots / "loop");
  std::filesystem::create_symlink("any-name.pem", system.roots / "0123abcd.0");
  const environment_variable again("SSL_CERT_DIR", system.roots.path().string() + "/");
  CHECK(certificates_in(value_of(tls::system_roots_pem())) == 2);
  CHECK(believes(value_of(tls::make_client_context({})), system.in_directory));
}

TEST_CASE("a broken certificate in a bundle of the system's roots takes no others with it", "[tls]") {
  fake_system system;
  const auto [name, broken] = GENERATE(
      table<std::string, std::string>({{"no base64", "-----BEGIN CERTIFICATE-----\nA*A=\n-----END CERTIFICATE-----\n"},
                                       {"no end", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICAT\n"},
                                       {"other end", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n"}}));
  INFO(name);
  system.dir.put("bundle.pem", system.in_file.certificate() + broken + system.in_directory.certificate());
  const environment_variable again("SSL_CERT_DIR", "/nonexistent/" + name);
  CHECK(certificates_in(value_of(tls::system_roots_pem())) == 2);
  const auto own =
      tls::make_client_context({.ca_file = system.dir.put("own.pem", broken + system.in_file.certificate())});
  CHECK_FALSE(own);  // what the configuration names is judged as a whole
}

TEST_CASE("the roots as text hold each certificate once and no key", "[tls]") {
  fake_system system;
  system.dir.put("bundle.pem", system.in_file.certificate() + system.in_file.key() + system.in_directory.certificate() +
                                   system.in_file.certificate());
  const std::string text = value_of(tls::system_roots_pem());
  CHECK(certificates_in(text) == 2);
  CHECK(count(text, system.in_file.certificate()) == 1);
  CHECK(count(text, "KEY") == 0);
}

TEST_CASE("a file named by SSL_CERT_FILE must be there and hold a certificate", "[tls]") {
  temporary_directory dir;
  const auto outcome_of = [](const std::filesystem::path& file) {
    const environment_variable set("SSL_CERT_FILE", file.string());
    return tls::make_client_context({});
  };
  const auto missing = outcome_of(dir / "missing.pem");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::not_found);
  CHECK_THAT(missing.error().detail, Contains("missing.pem"));
  const auto empty = outcome_of(dir.put("empty.pem", ""));
  REQUIRE_FALSE(empty);
  CHECK(empty.error().code == errc::bad_input);
  CHECK_THAT(empty.error().detail, Contains("empty.pem") && Contains("SSL_CERT_FILE"));
}

TEST_CASE("a ca_file is trusted beside the system's roots", "[tls]") {
  fake_system system;
  const test_ca own = test_ca::make("Corporate");
  const auto client = value_of(tls::make_client_context({.ca_file = system.dir.put("own.pem", own.certificate())}));
  CHECK(believes(client, own));
  CHECK(believes(client, system.in_file));
  CHECK_FALSE(believes(value_of(tls::make_client_context({})), own));
}

TEST_CASE("T24: our own CA is never trusted upstream, wherever it is found", "[tls]") {
  fake_system system;
  const test_ca ours = test_ca::make("regpass CA");
  system.roots.put("ca.crt", ours.certificate());
  system.dir.put("bundle.pem", system.in_file.certificate() + ours.certificate());
  const auto own_too = system.dir.put("own.pem", ours.certificate() + system.in_directory.certificate());
  const environment_variable again("SSL_CERT_DIR", system.roots.path().string() + "/");
  REQUIRE(believes(value_of(tls::make_client_context({})), ours));
  const bool with_ca_file = GENERATE(true, false);
  const tls::trust trust{.ca_file = with_ca_file ? own_too : std::filesystem::path()};
  const auto client = value_of(tls::make_client_context(trust, ours.certificate()));
  CHECK_FALSE(believes(client, ours));
  CHECK(believes(client, system.in_file));
  CHECK(believes(client, system.in_directory));
}

TEST_CASE("contexts that add nothing to the roots share one store", "[tls]") {
  fake_system system;
  const auto a = value_of(tls::make_client_context({}));
  const auto b = value_of(tls::make_client_context({}));
  const auto c = value_of(tls::make_client_context({}, system.in_file.certificate()));
  CHECK(SSL_CTX_get_cert_store(a.native()) == SSL_CTX_get_cert_store(b.native()));
  CHECK(SSL_CTX_get_cert_store(a.native()) != SSL_CTX_get_cert_store(c.native()));
  CHECK(a.native() != b.native());
}

TEST_CASE("C1: PEM files may have UTF-8 byte order marks, and errors name UTF-16", "[tls]") {
  fake_system system;
  const std::string mark = "\xEF\xBB\xBF";
  const auto first = test_ca::make("First"), second = test_ca::make("Second");
  const issued own = second.issue({"builder"});
  const auto bundle = system.dir.put("marked.pem", mark + first.certificate() + mark + second.certificate());
  const auto client =
      value_of(tls::make_client_context({.ca_file = bundle,
                                         .client_cert_file = system.dir.put("client.crt", mark + own.certificate),
                                         .client_key_file = system.dir.put("client.key", mark + own.key)}));
  CHECK(believes(client, first));
  CHECK(believes(client, second));
  std::string wide = "\xFF\xFE";
  for (const char c : first.certificate()) wide.append({c, '\0'});
  const auto refused = tls::make_client_context({.ca_file = system.dir.put("wide.pem", wide)});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().detail, Contains("wide.pem") && Contains("UTF-16; save it as UTF-8"));
}

TEST_CASE("an unusable trust file is named in the error", "[tls]") {
  fake_system system;
  const temporary_directory& dir = system.dir;
  const issued own = system.in_file.issue({"builder"});
  const auto cert = dir.put("client.crt", own.certificate);
  const auto key = dir.put("client.key", own.key);
  const auto other_key = dir.put("other.key", system.in_file.issue({"x"}).key);
  const auto text = dir.put("text", "no PEM");
  const auto cut = dir.put("cut.pem", own.certificate.substr(0, 300));
  const auto broken = dir.put("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const auto huge = dir.put("huge.pem", std::string((8UL << 20U) + 1, 'x'));
  const auto encrypted =
      dir.put("encrypted.key",
              "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBB0\n"
              "-----END ENCRYPTED PRIVATE KEY-----\n");
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  struct row {
    tls::trust trust;
    errc code;
    std::string says;
  };
  const std::vector<row> rows{
      {{.ca_file = dir / "missing"}, errc::not_found, "missing"},
      {{.ca_file = text}, errc::bad_input, "text"},
      {{.ca_file = cut}, errc::bad_input, "cut.pem"},
      {{.ca_file = broken}, errc::bad_input, "broken.pem"},
      {{.ca_file = huge}, errc::too_large, "huge.pem"},
      {{.ca_file = dir / "fifo"}, errc::bad_input, "fifo"},
      {{.ca_file = dir.path()}, errc::bad_input, "is a directory"},
      {{.client_cert_file = cert}, errc::bad_input, "client_key_file"},
      {{.client_key_file = key}, errc::bad_input, "client_cert_file"},
      {{.client_cert_file = cert, .client_key_file = other_key}, errc::bad_input, "other.key is not the key"},
      {{.client_cert_file = cert, .client_key_file = cert}, errc::bad_input, "client.crt holds no private key"},
      {{.client_cert_file = cert, .client_key_file = encrypted}, errc::bad_input, "encrypted"},
      {{.client_cert_file = key, .client_key_file = key}, errc::bad_input, "client.key holds no certificate"},
  };
  for (const auto& [trust, code, says] : rows) {
    DYNAMIC_SECTION(says) {
      const auto outcome = tls::make_client_context(trust);
      REQUIRE_FALSE(outcome);
      CHECK(outcome.error().code == code);
      CHECK_THAT(outcome.error().detail, Contains(says));
      CHECK_THAT(outcome.error().detail, !Contains("PRIVATE KEY-----"));
    }
  }
}

TEST_CASE("a server context requires a certificate and its key", "[tls]") {
  const test_ca ca = test_ca::make();
  const auto one = ca.issue({"a.test"});
  const auto two = ca.issue({"b.test"});
  CHECK_FALSE(tls::make_server_context(key_from(one.key).get(), {}));
  CHECK_FALSE(tls::make_server_context(key_from(two.key).get(), {certificate_from(one.certificate).get()}));
}

TEST_CASE("a server's chain goes with its certificate", "[tls]") {
  fake_system system;
  const test_ca middle = system.in_file.intermediate("Middle");
  const issued pair = middle.issue({"a.test"});
  const auto leaf = certificate_from(pair.certificate);
  const auto above = certificate_from(middle.certificate());
  const auto server = value_of(tls::make_server_context(key_from(pair.key).get(), {leaf.get(), above.get()}));
  tls_pair both(value_of(tls::make_client_context({})), server, "a.test");
  both.settle();
  CHECK(both.connected());
}

TEST_CASE("T24: a server has ciphers with ephemeral keys and authenticated encryption only", "[tls]") {
  const test_ca ca = test_ca::make();
  const auto context = server_context(ca.issue({"a.test"}));
  const auto* ciphers = SSL_CTX_get_ciphers(context.native());
  REQUIRE(sk_SSL_CIPHER_num(ciphers) > 3);
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const auto* one = sk_SSL_CIPHER_value(ciphers, i);
    INFO(SSL_CIPHER_get_name(one));
    CHECK(SSL_CIPHER_is_aead(one) == 1);
    const int exchange = SSL_CIPHER_get_kx_nid(one);
    CHECK((exchange == NID_kx_ecdhe || exchange == NID_kx_any));  // any: of TLS 1.3
  }
}
