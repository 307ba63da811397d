#include "certificates.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <stdexcept>

namespace regpass::testing {
namespace {

using bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

void need(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("test certificates: cannot ") + what);
}

std::shared_ptr<EVP_PKEY> make_key(key_kind kind) {
  EVP_PKEY* key = kind == key_kind::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
  need(key != nullptr, "make a key");
  return {key, EVP_PKEY_free};
}

bio memory() {
  return {BIO_new(BIO_s_mem()), BIO_free};
}
bio memory(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::string text_of(const bio& from) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(from.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const bio to = memory();
  need(PEM_write_bio_X509(to.get(), certificate) == 1, "write a certificate");
  return text_of(to);
}

std::string pem_of(EVP_PKEY* key) {
  const bio to = memory();
  need(PEM_write_bio_PrivateKey(to.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "write a key");
  return text_of(to);
}

GENERAL_NAME* general_name(int type, int string_type, std::string_view bytes) {
  ASN1_STRING* value = ASN1_STRING_type_new(string_type);
  ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size()));
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  return name;
}

GENERAL_NAME* general_name(const std::string& name) {
  std::array<char, 16> address{};
  if (inet_pton(AF_INET, name.c_str(), address.data()) == 1) {
    return general_name(GEN_IPADD, V_ASN1_OCTET_STRING, {address.data(), 4});
  }
  if (inet_pton(AF_INET6, name.c_str(), address.data()) == 1) {
    return general_name(GEN_IPADD, V_ASN1_OCTET_STRING, {address.data(), 16});
  }
  return general_name(GEN_DNS, V_ASN1_IA5STRING, name);
}

void add_names(X509* certificate, const std::vector<std::string>& names, const std::vector<std::string>& raw) {
  if (names.empty() && raw.empty()) return;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(GENERAL_NAMES_new(), GENERAL_NAMES_free);
  for (const auto& name : names) sk_GENERAL_NAME_push(all.get(), general_name(name));
  for (const auto& name : raw) sk_GENERAL_NAME_push(all.get(), general_name(GEN_DNS, V_ASN1_IA5STRING, name));
  need(X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT) == 1, "add names");
}

void add(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  need(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "add an extension");
  X509_EXTENSION_free(extension);
}

// Everything except extensions and signature. Without an issuer, the certificate is its own issuer.
std::shared_ptr<X509> begin(std::string_view common_name, X509* issuer, EVP_PKEY* key, const issue_options& options) {
  std::shared_ptr<X509> made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  static long serial = 1000;
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  const std::time_t now = std::time(nullptr);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), now + options.valid_from.count());
  ASN1_TIME_set(X509_getm_notAfter(made.get()), now + options.valid_to.count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer == nullptr ? made.get() : issuer));
  need(X509_set_pubkey(made.get(), key) == 1, "set a key");
  return made;
}

std::shared_ptr<X509> make_authority(std::string_view common_name, X509* issuer, EVP_PKEY* key, EVP_PKEY* signing_key,
                                     const issue_options& options) {
  auto made = begin(common_name, issuer, key, options);
  add(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE");
  add(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add(made.get(), made.get(), NID_subject_key_identifier, "hash");
  need(X509_sign(made.get(), signing_key, EVP_sha256()) > 0, "sign");
  return made;
}

}  // namespace

test_ca test_ca::make(std::string_view common_name, const issue_options& options) {
  test_ca made;
  made.key_ = make_key(options.key);
  made.certificate_ = make_authority(common_name, nullptr, made.key_.get(), made.key_.get(), options);
  return made;
}

test_ca test_ca::from(std::string_view certificate, std::string_view key) {
  test_ca made;
  made.key_ = key_from(key);
  made.certificate_ = certificate_from(certificate);
  return made;
}

test_ca test_ca::intermediate(std::string_view common_name) const {
  test_ca made;
  made.key_ = make_key(key_kind::p256);
  made.certificate_ = make_authority(common_name, certificate_.get(), made.key_.get(), key_.get(), {});
  return made;
}

issued test_ca::issue(const std::vector<std::string>& names, const issue_options& options) const {
  const auto key = make_key(options.key);
  const std::string fallback = names.empty() ? "no name" : names.front();
  const auto made =
      begin(options.common_name.empty() ? fallback : options.common_name, certificate_.get(), key.get(), options);
  add_names(made.get(), names, options.raw_dns);
  add(made.get(), certificate_.get(), NID_basic_constraints, "critical,CA:FALSE");
  add(made.get(), certificate_.get(), NID_ext_key_usage, options.for_servers ? "serverAuth" : "clientAuth");
  add(made.get(), certificate_.get(), NID_authority_key_identifier, "keyid");
  need(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0, "sign");
  return {pem_of(made.get()), pem_of(key.get())};
}

std::string test_ca::certificate() const {
  return pem_of(certificate_.get());
}
std::string test_ca::key() const {
  return pem_of(key_.get());
}

std::shared_ptr<X509> certificate_from(std::string_view pem) {
  X509* read = PEM_read_bio_X509(memory(pem).get(), nullptr, nullptr, nullptr);
  need(read != nullptr, "read a certificate");
  return {read, X509_free};
}

std::shared_ptr<EVP_PKEY> key_from(std::string_view pem) {
  EVP_PKEY* read = PEM_read_bio_PrivateKey(memory(pem).get(), nullptr, nullptr, nullptr);
  need(read != nullptr, "read a key");
  return {read, EVP_PKEY_free};
}

}  // namespace regpass::testing
