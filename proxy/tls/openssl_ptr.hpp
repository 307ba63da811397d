// Owners of OpenSSL's objects, and its error queue as text.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace regpass::tls {

template <auto Free>
struct free_by {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using bio_ptr = std::unique_ptr<BIO, free_by<BIO_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, free_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, free_by<X509_free>>;
using name_ptr = std::unique_ptr<X509_NAME, free_by<X509_NAME_free>>;
using store_ptr = std::shared_ptr<X509_STORE>;
using ssl_ptr = std::unique_ptr<SSL, free_by<SSL_free>>;
using bignum_ptr = std::unique_ptr<BIGNUM, free_by<BN_free>>;
using general_name_ptr = std::unique_ptr<GENERAL_NAME, free_by<GENERAL_NAME_free>>;
using general_names_ptr = std::unique_ptr<GENERAL_NAMES, free_by<GENERAL_NAMES_free>>;
using constraints_ptr = std::unique_ptr<NAME_CONSTRAINTS, free_by<NAME_CONSTRAINTS_free>>;

// One more owner of an object that counts its own.
inline x509_ptr share(X509* certificate) noexcept {
  X509_up_ref(certificate);
  return x509_ptr(certificate);
}

// The reason of the oldest entry in this thread's error queue ("unknown error" when there is none); empties the queue.
std::string queue_text();

}  // namespace regpass::tls
