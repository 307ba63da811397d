#include "regpass/base/secret.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace regpass {

secret::secret(std::string_view value) : value_(value) {}

// A moved-from short string keeps its characters in place, so the source is wiped too.
secret::secret(secret&& other) noexcept : value_(std::move(other.value_)) {
  other.wipe();
}

// Wiped first: assignment may free the old buffer.
secret& secret::operator=(const secret& other) {
  if (this == &other) return *this;
  wipe();
  value_ = other.value_;
  return *this;
}

secret& secret::operator=(secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  value_ = std::move(other.value_);
  other.wipe();
  return *this;
}

secret::~secret() {
  wipe();
}

bool operator==(const secret& a, const secret& b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.value_.data(), b.value_.data(), a.size()) == 0;
}

void secret::wipe() noexcept {
  regpass::wipe(value_);
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // never allocates, and reaches what an earlier, longer value left behind
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace regpass
