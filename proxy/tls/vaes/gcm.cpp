#include "tls/vaes/gcm.hpp"

#include <openssl/crypto.h>

// Straight out of the static library: its manager, the public way to them, brings every other algorithm with it, 13 MB.
extern "C" {
void aes_gcm_precomp_128_vaes_avx512(gcm_key_data*);
void aes_gcm_precomp_256_vaes_avx512(gcm_key_data*);
void aes_gcm_init_128_vaes_avx512(const gcm_key_data*, gcm_context_data*, const uint8_t*, const uint8_t*, uint64_t);
void aes_gcm_init_256_vaes_avx512(const gcm_key_data*, gcm_context_data*, const uint8_t*, const uint8_t*, uint64_t);
void aes_gcm_enc_128_update_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, const uint8_t*, uint64_t);
void aes_gcm_enc_256_update_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, const uint8_t*, uint64_t);
void aes_gcm_dec_128_update_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, const uint8_t*, uint64_t);
void aes_gcm_dec_256_update_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, const uint8_t*, uint64_t);
void aes_gcm_enc_128_finalize_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, uint64_t);
void aes_gcm_enc_256_finalize_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, uint64_t);
void aes_gcm_dec_128_finalize_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, uint64_t);
void aes_gcm_dec_256_finalize_vaes_avx512(const gcm_key_data*, gcm_context_data*, uint8_t*, uint64_t);
}

namespace regpass::tls::vaes {
namespace {

void prepare_128(const void* key, gcm_key_data* into) noexcept {
  aes_keyexp_128_enc_avx512(key, into->expanded_keys);
  aes_gcm_precomp_128_vaes_avx512(into);
}

void prepare_256(const void* key, gcm_key_data* into) noexcept {
  aes_keyexp_256_enc_avx512(key, into->expanded_keys);
  aes_gcm_precomp_256_vaes_avx512(into);
}

constexpr routines of_128{prepare_128,
                          aes_gcm_init_128_vaes_avx512,
                          aes_gcm_enc_128_update_vaes_avx512,
                          aes_gcm_dec_128_update_vaes_avx512,
                          aes_gcm_enc_128_finalize_vaes_avx512,
                          aes_gcm_dec_128_finalize_vaes_avx512};
constexpr routines of_256{prepare_256,
                          aes_gcm_init_256_vaes_avx512,
                          aes_gcm_enc_256_update_vaes_avx512,
                          aes_gcm_dec_256_update_vaes_avx512,
                          aes_gcm_enc_256_finalize_vaes_avx512,
                          aes_gcm_dec_256_finalize_vaes_avx512};

}  // namespace

bool processor_has_it() noexcept {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("vaes") != 0 && __builtin_cpu_supports("vpclmulqdq") != 0;
}

const routines& routines_for(std::size_t key_bytes) noexcept {
  return key_bytes == 16 ? of_128 : of_256;
}

gcm::~gcm() {
  OPENSSL_cleanse(&key_, sizeof key_);
  OPENSSL_cleanse(&run_, sizeof run_);
}

}  // namespace regpass::tls::vaes
