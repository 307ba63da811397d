#include "tls/vaes/cipher.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <ranges>

namespace regpass::tls::vaes {

bool cipher::start(bool encrypt, std::span<const std::uint8_t> key, std::span<const std::uint8_t> nonce) noexcept {
  encrypt_ = encrypt;
  aad_size_ = 0;
  running_ = in_record_ = has_tag_ = false;
  if (!key.empty()) {
    if (key.size() != key_bytes_) return false;
    gcm_.set_key(key.data());
    has_key_ = true;
  }
  if (!nonce.empty()) {
    if (nonce.size() != nonce_.size()) return false;
    std::ranges::copy(nonce, nonce_.begin());
    has_nonce_ = true;
  }
  return true;
}

bool cipher::add_data(std::span<const std::uint8_t> aad) noexcept {
  if (running_ || aad.size() > aad_.size() - aad_size_) return false;
  std::ranges::copy(aad, aad_.begin() + static_cast<std::ptrdiff_t>(aad_size_));
  aad_size_ += aad.size();
  return true;
}

// A nonce is good for one message.
bool cipher::begin() noexcept {
  if (running_) return true;
  if (!has_key_ || !has_nonce_) return false;
  gcm_.begin(nonce_.data(), aad_.data(), aad_size_);
  has_nonce_ = false;
  running_ = true;
  return true;
}

bool cipher::update(std::uint8_t* out, std::size_t& written, std::span<const std::uint8_t> in) noexcept {
  if (in_record_) return out == in.data() && crypt_record(out, in.size(), written);
  if (!begin()) return false;
  gcm_.crypt(encrypt_, out, in.data(), in.size());
  written = in.size();
  return true;
}

bool cipher::finish() noexcept {
  if (!begin()) return false;
  std::array<std::uint8_t, tag_bytes> made{};
  gcm_.end(encrypt_, made.data());
  running_ = false;
  aad_size_ = 0;
  if (encrypt_) {
    tag_ = made;
    has_tag_ = true;
    return true;
  }
  const bool right = has_tag_ && CRYPTO_memcmp(made.data(), tag_.data(), tag_bytes) == 0;
  has_tag_ = false;
  return right;
}

bool cipher::set_tag(std::span<const std::uint8_t> tag) noexcept {
  if (encrypt_ || tag.size() != tag_.size()) return false;
  std::ranges::copy(tag, tag_.begin());
  has_tag_ = true;
  return true;
}

bool cipher::copy_tag(std::span<std::uint8_t> into) const noexcept {
  if (!encrypt_ || !has_tag_ || into.size() > tag_.size()) return false;
  std::copy_n(tag_.begin(), into.size(), into.begin());
  return true;
}

// Its last two bytes are the length of what follows; what is authenticated is the payload's.
bool cipher::set_record(std::span<const std::uint8_t> header) noexcept {
  if (header.size() != header_bytes) return false;
  const std::size_t given = static_cast<std::size_t>(header[11]) << 8 | header[12];
  const std::size_t around = explicit_bytes + (encrypt_ ? 0 : tag_bytes);
  if (given < around) return false;
  const std::size_t payload = given - around;
  std::ranges::copy(header, aad_.begin());
  aad_[11] = static_cast<std::uint8_t>(payload >> 8);
  aad_[12] = static_cast<std::uint8_t>(payload);
  aad_size_ = header_bytes;
  in_record_ = true;
  return true;
}

bool cipher::set_fixed_nonce(std::span<const std::uint8_t> fixed) noexcept {
  if (fixed.size() != fixed_bytes) return false;
  std::ranges::copy(fixed, nonce_.begin());
  return !encrypt_ || RAND_bytes(nonce_.data() + fixed_bytes, explicit_bytes) == 1;
}

// RFC 5288: the explicit part of the nonce, the payload, the tag. Ours is a counter from a random start.
bool cipher::crypt_record(std::uint8_t* record, std::size_t size, std::size_t& written) noexcept {
  in_record_ = false;
  if (!has_key_ || size < explicit_bytes + tag_bytes) return false;
  auto* const counter = nonce_.data() + fixed_bytes;
  if (encrypt_) {
    std::copy_n(counter, explicit_bytes, record);
  } else {
    std::copy_n(record, explicit_bytes, counter);
  }
  const std::size_t payload = size - explicit_bytes - tag_bytes;
  auto* const text = record + explicit_bytes;
  std::array<std::uint8_t, tag_bytes> made{};
  gcm_.begin(nonce_.data(), aad_.data(), aad_size_);
  gcm_.crypt(encrypt_, text, text, payload);
  gcm_.end(encrypt_, made.data());
  aad_size_ = 0;
  if (encrypt_) {
    std::ranges::copy(made, text + payload);
    for (auto& digit : std::span(counter, explicit_bytes) | std::views::reverse) {
      if (++digit != 0) break;
    }
    written = size;
    return true;
  }
  written = payload;
  if (CRYPTO_memcmp(made.data(), text + payload, tag_bytes) == 0) return true;
  OPENSSL_cleanse(text, payload);
  return false;
}

}  // namespace regpass::tls::vaes
