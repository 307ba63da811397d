// Certificates and keys: parsing, serialising, inspecting and creating them.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"
#include "tls/openssl_ptr.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::tls {

// The DER of each certificate block in `pem`, other blocks (keys, say) skipped. `broken` says what is wrong with the
// block at which reading had to stop, and is empty at a clean end.
struct certificate_blocks {
  std::vector<std::string> der;
  std::string broken;
};
certificate_blocks split_pem(std::string_view pem);
x509_ptr parse_der(std::string_view der);

// At least one certificate, and nothing malformed; `where` is the file for the message.
result<std::vector<x509_ptr>> parse_certificates(std::string_view pem, std::string_view where);
// An unencrypted private key; never asks for a passphrase.
result<key_ptr> parse_key(std::string_view pem, std::string_view where);

std::string to_pem(X509& certificate);
std::string to_pem(EVP_PKEY& key);  // PKCS #8; the caller wipes it
std::string to_der(const X509& certificate);

std::string name_text(const X509_NAME* name);  // RFC 4514, cleaned
wall_time to_wall(const ASN1_TIME* time);

key_ptr make_p256_key();

struct validity {
  wall_time from;
  wall_time to;
};
// Version 3, random serial, the key, the dates; subject and issuer, extensions and signature are still missing. Null on
// failure.
x509_ptr begin_certificate(EVP_PKEY& key, const validity& dates);
bool append_to_name(X509_NAME* name, const char* field, std::string_view value);
// `text` is in the syntax of x509v3_config(5): constants only, never names that come from outside.
bool add_extension(X509& certificate, X509& issuer, int nid, const char* text);
bool sign(X509& certificate, EVP_PKEY& key);

}  // namespace regpass::tls
