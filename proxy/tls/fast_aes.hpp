// AES-GCM by AVX-512 (VAES), which OpenSSL 3.0 lacks: Intel's ipsec-mb under libssl, as an OpenSSL provider.
#pragma once

#include <string>

namespace regpass::tls {

struct fast_aes {
  bool on = false;
  std::string why;  // why it is off
};

// Call once per process, before the first context is made. It stays off if this build has no ipsec-mb, the processor
// lacks the instructions, or a known-answer test against OpenSSL's own AES-GCM fails.
fast_aes start_fast_aes();

// The property query for SSL_CTX_new_ex (property(7)); null while it is off.
const char* cipher_properties() noexcept;

}  // namespace regpass::tls
