// AES-GCM of ipsec-mb, with nonces of 12 bytes and tags of 16: what TLS needs.
#pragma once

#include <intel-ipsec-mb.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace regpass::tls::vaes {

constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

// The functions for one length of key.
struct routines {
  aes_gcm_pre_t prepare = nullptr;
  aes_gcm_init_t begin = nullptr;
  aes_gcm_enc_dec_update_t encrypt = nullptr;
  aes_gcm_enc_dec_update_t decrypt = nullptr;
  aes_gcm_enc_dec_finalize_t end_encrypt = nullptr;
  aes_gcm_enc_dec_finalize_t end_decrypt = nullptr;
};

bool processor_has_it() noexcept;                              // AVX-512 with VAES; nothing here runs without
const routines& routines_for(std::size_t key_bytes) noexcept;  // 16 or 32

// One key, one message at a time. Spans may be the same for in and out.
class gcm {
 public:
  explicit gcm(std::size_t key_bytes) noexcept : use_(&routines_for(key_bytes)) {}
  gcm(const gcm&) noexcept = default;
  gcm& operator=(const gcm&) = delete;
  ~gcm();

  void set_key(const std::uint8_t* key) noexcept { use_->prepare(key, &key_); }
  void begin(const std::uint8_t* nonce, const std::uint8_t* aad, std::size_t size) noexcept {
    use_->begin(&key_, &run_, nonce, aad, size);
  }
  void crypt(bool encrypt, std::uint8_t* out, const std::uint8_t* in, std::size_t size) noexcept {
    (encrypt ? use_->encrypt : use_->decrypt)(&key_, &run_, out, in, size);
  }
  void end(bool encrypt, std::uint8_t* tag) noexcept {
    (encrypt ? use_->end_encrypt : use_->end_decrypt)(&key_, &run_, tag, tag_bytes);
  }

 private:
  // The routines move whole vectors; the header aligns it for some compilers only.
  alignas(64) gcm_key_data key_{};
  gcm_context_data run_{};
  const routines* use_;
};

}  // namespace regpass::tls::vaes
