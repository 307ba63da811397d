#include "tls/authority/certificate.hpp"

#include "regpass/base/secret.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/text_file.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <utility>

namespace regpass::tls {
namespace {

constexpr std::size_t longest_name_text = 200;
constexpr int serial_bits = 159;  // positive and within the 20 octets of RFC 5280 section 4.1.2.2

bio_ptr reading(std::string_view text) {
  return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL recognises "-----BEGIN" only at the start of a line. Concatenated files have byte order marks in the middle.
std::string without_byte_order_marks(std::string_view pem) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  std::string text;
  text.reserve(pem.size());
  for (auto at = pem.find(mark); at != std::string_view::npos; at = pem.find(mark)) {
    text.append(pem.substr(0, at));
    pem.remove_prefix(at + mark.size());
  }
  return text.append(pem);
}

std::string content(BIO& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(&bio, &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

struct pem_block {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;

  pem_block() = default;
  pem_block(const pem_block&) = delete;
  pem_block& operator=(const pem_block&) = delete;
  ~pem_block() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  bool is_certificate() const {
    const std::string_view label(name);
    return label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD || label == PEM_STRING_X509_TRUSTED;
  }
  std::string text() const { return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)}; }
};

bool at_end_of_pem() {
  return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

// Without this OpenSSL would ask at the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

const EVP_MD* digest_for(const EVP_PKEY& key) {
  const int id = EVP_PKEY_get_id(&key);
  return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ? nullptr : EVP_sha256();
}

bool set_random_serial(X509& certificate) {
  const bignum_ptr number(BN_new());
  return number && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_date(ASN1_TIME* field, wall_time at) {
  return ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(at)) != nullptr;
}

}  // namespace

certificate_blocks split_pem(std::string_view pem) {
  certificate_blocks blocks;
  if (const auto wide = wide_encoding_of(pem)) {
    blocks.broken = fmt::format("the file is {}; save it as UTF-8", *wide);
    return blocks;
  }
  const auto text = without_byte_order_marks(pem);
  const bio_ptr bio = reading(text);
  ERR_clear_error();
  for (;;) {
    pem_block block;
    const bool read = PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.size) == 1;
    if (read && block.is_certificate()) blocks.der.push_back(block.text());
    if (read) continue;
    if (at_end_of_pem()) break;
    // The broken block has been consumed; continue with the following ones.
    auto reason = queue_text();
    if (blocks.broken.empty()) blocks.broken = std::move(reason);
  }
  ERR_clear_error();
  return blocks;
}

x509_ptr parse_der(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ERR_clear_error();
  return x509_ptr(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

result<std::vector<x509_ptr>> parse_certificates(std::string_view pem, std::string_view where) {
  certificate_blocks blocks = split_pem(pem);
  std::vector<x509_ptr> parsed;
  for (const std::string& der : blocks.der) {
    parsed.push_back(parse_der(der));
    if (!parsed.back()) blocks.broken = fmt::format("certificate {}: {}", parsed.size(), queue_text());
    if (!blocks.broken.empty()) break;
  }
  if (!blocks.broken.empty()) return fail(errc::bad_input, fmt::format("{} is malformed: {}", where, blocks.broken));
  if (parsed.empty()) return fail(errc::bad_input, fmt::format("{} holds no certificate in PEM", where));
  return parsed;
}

result<key_ptr> parse_key(std::string_view pem, std::string_view where) {
  if (const auto wide = wide_encoding_of(pem)) {
    return fail(errc::bad_input, fmt::format("{}: the file is {}; save it as UTF-8", where, *wide));
  }
  auto text = without_byte_order_marks(pem);
  const bio_ptr bio = reading(text);
  ERR_clear_error();
  key_ptr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  wipe(text);
  if (key) return key;
  const std::string_view hint = pem.find("ENCRYPTED") != std::string_view::npos ? " (is it encrypted?)" : "";
  return fail(errc::bad_input,
              fmt::format("{} holds no private key that can be read{}: {}", where, hint, queue_text()));
}

std::string to_pem(X509& certificate) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return content(*bio);
}

std::string to_pem(EVP_PKEY& key) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  return content(*bio);
}

std::string to_der(const X509& certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(&certificate, &bytes);
  std::string der = size > 0 ? std::string(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size)) : "";
  OPENSSL_free(bytes);
  return der;
}

std::string name_text(const X509_NAME* name) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  return clean(content(*bio), longest_name_text);
}

wall_time to_wall(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

key_ptr make_p256_key() {
  return key_ptr(EVP_EC_gen("P-256"));
}

x509_ptr begin_certificate(EVP_PKEY& key, const validity& dates) {
  x509_ptr certificate(X509_new());
  const bool begun = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                     set_random_serial(*certificate) && set_date(X509_getm_notBefore(certificate.get()), dates.from) &&
                     set_date(X509_getm_notAfter(certificate.get()), dates.to) &&
                     X509_set_pubkey(certificate.get(), &key) == 1;
  return begun ? std::move(certificate) : nullptr;
}

bool append_to_name(X509_NAME* name, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509& certificate, X509& issuer, int nid, const char* text) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, text);
  const bool added = extension != nullptr && X509_add_ext(&certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool sign(X509& certificate, EVP_PKEY& key) {
  return X509_sign(&certificate, &key, digest_for(key)) > 0;
}

}  // namespace regpass::tls
