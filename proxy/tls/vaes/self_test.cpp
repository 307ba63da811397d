#include "tls/vaes/self_test.hpp"

#include "tls/vaes/gcm.hpp"
#include "tls/vaes/provider.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace regpass::tls::vaes {
namespace {

using bytes = std::vector<std::uint8_t>;
using evp_cipher = std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)>;
using evp_context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

// Around the sizes of a block, of ipsec-mb's strides, and of a record.
constexpr std::array<std::size_t, 10> lengths{1, 15, 16, 17, 255, 256, 257, 1024, 4099, 16385};
constexpr std::size_t aad_bytes = 5;  // a record's header

bytes pattern(std::size_t size, unsigned seed) {
  bytes made(size);
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<std::uint8_t>(seed + i * 131 + (i >> 8) * 17);
  return made;
}

// The text with its tag behind it, encrypted; or decrypted, empty where the tag is wrong.
bytes run(const EVP_CIPHER* by, bool encrypt, bytes data) {
  const evp_context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const auto key = pattern(static_cast<std::size_t>(EVP_CIPHER_get_key_length(by)), 3);
  const auto nonce = pattern(nonce_bytes, 7);
  const auto aad = pattern(aad_bytes, 11);
  std::array<std::uint8_t, tag_bytes> tag{};
  if (!encrypt) {
    std::copy_n(data.end() - tag_bytes, tag_bytes, tag.begin());
    data.resize(data.size() - tag_bytes);
  }
  int size = 0;
  bool good = context && EVP_CipherInit_ex(context.get(), by, nullptr, key.data(), nonce.data(), encrypt ? 1 : 0) == 1;
  if (!encrypt) {
    good = good && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1;
  }
  good = good && EVP_CipherUpdate(context.get(), nullptr, &size, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_CipherUpdate(context.get(), data.data(), &size, data.data(), static_cast<int>(data.size())) == 1 &&
         EVP_CipherFinal_ex(context.get(), data.data() + data.size(), &size) == 1;
  if (!good) return {};
  if (!encrypt) return data;
  if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag.data()) != 1) return {};
  data.insert(data.end(), tag.begin(), tag.end());
  return data;
}

bool agree(const char* name) {
  const evp_cipher ours(EVP_CIPHER_fetch(nullptr, name, property), EVP_CIPHER_free);
  const evp_cipher theirs(EVP_CIPHER_fetch(nullptr, name, "provider=default"), EVP_CIPHER_free);
  if (!ours || !theirs) return false;
  return std::ranges::all_of(lengths, [&](std::size_t length) {
    const auto text = pattern(length, 1);
    auto sealed = run(ours.get(), true, text);
    if (sealed.empty() || sealed != run(theirs.get(), true, text)) return false;
    if (run(ours.get(), false, sealed) != text) return false;
    sealed.back() ^= 1;
    return run(ours.get(), false, sealed).empty();
  });
}

}  // namespace

bool agrees_with_openssl() {
  return agree("AES-128-GCM") && agree("AES-256-GCM");
}

}  // namespace regpass::tls::vaes
