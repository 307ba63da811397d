// AES-GCM as libssl 3.0 drives it: a nonce, additional data and a text for each record (TLS 1.3), or whole records with
// explicit nonces (TLS 1.2, RFC 5288).
#pragma once

#include "tls/vaes/gcm.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace regpass::tls::vaes {

// Every function that can fail says so by false; nothing throws, as C frames are above.
class cipher {
 public:
  explicit cipher(std::size_t key_bytes) noexcept : gcm_(key_bytes), key_bytes_(key_bytes) {}

  std::size_t key_bytes() const noexcept { return key_bytes_; }
  const std::array<std::uint8_t, nonce_bytes>& nonce() const noexcept { return nonce_; }

  bool start(bool encrypt, std::span<const std::uint8_t> key, std::span<const std::uint8_t> nonce) noexcept;
  bool add_data(std::span<const std::uint8_t> aad) noexcept;
  // `out` has room for as much as `in` holds. In a record of TLS 1.2 both are the same, and the payload's size differs.
  bool update(std::uint8_t* out, std::size_t& written, std::span<const std::uint8_t> in) noexcept;
  bool finish() noexcept;  // decrypting: whether the tag is right

  bool set_tag(std::span<const std::uint8_t> tag) noexcept;        // decrypting, before `finish`
  bool copy_tag(std::span<std::uint8_t> into) const noexcept;      // encrypting, after `finish`
  bool set_record(std::span<const std::uint8_t> header) noexcept;  // TLS 1.2: the record's additional data
  std::size_t record_growth() const noexcept { return tag_bytes; }
  bool set_fixed_nonce(std::span<const std::uint8_t> fixed) noexcept;  // TLS 1.2: the part that the keys bring

 private:
  static constexpr std::size_t fixed_bytes = 4;
  static constexpr std::size_t explicit_bytes = nonce_bytes - fixed_bytes;
  static constexpr std::size_t header_bytes = 13;

  bool begin() noexcept;
  bool crypt_record(std::uint8_t* record, std::size_t size, std::size_t& written) noexcept;

  [[no_unique_address]] gcm gcm_;  // first, and what follows in what its alignment leaves over: connections have two
  std::size_t key_bytes_;
  std::array<std::uint8_t, nonce_bytes> nonce_{};
  std::array<std::uint8_t, 64> aad_{};
  std::array<std::uint8_t, tag_bytes> tag_{};
  std::size_t aad_size_ = 0;
  bool encrypt_ = true;
  bool has_key_ = false;
  bool has_nonce_ = false;  // one that was not used yet
  bool running_ = false;    // a message was begun
  bool has_tag_ = false;
  bool in_record_ = false;
};

}  // namespace regpass::tls::vaes
