#include "tls/vaes/provider.hpp"

#include "tls/vaes/cipher.hpp"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <array>
#include <new>
#include <optional>
#include <span>

namespace regpass::tls::vaes {
namespace {

using bytes = std::span<const std::uint8_t>;

cipher& of(void* context) noexcept {
  return *static_cast<cipher*>(context);
}

template <std::size_t key_bytes>
void* make(void* /*provider*/) noexcept {
  return new (std::nothrow) cipher(key_bytes);
}

void* copy(void* context) noexcept {
  return new (std::nothrow) cipher(of(context));
}

void destroy(void* context) noexcept {
  delete static_cast<cipher*>(context);
}

std::optional<bytes> octets(const OSSL_PARAM* params, const char* name) noexcept {
  const auto* found = OSSL_PARAM_locate_const(params, name);
  if (found == nullptr || found->data_type != OSSL_PARAM_OCTET_STRING) return std::nullopt;
  return bytes(static_cast<const std::uint8_t*>(found->data), found->data == nullptr ? 0 : found->data_size);
}

int set_parameters(void* context, const OSSL_PARAM params[]) noexcept {
  if (params == nullptr) return 1;
  auto& one = of(context);
  std::size_t size = nonce_bytes;
  const auto* nonce = OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_IVLEN);
  if (nonce != nullptr && (OSSL_PARAM_get_size_t(nonce, &size) != 1 || size != nonce_bytes)) return 0;
  if (const auto tag = octets(params, OSSL_CIPHER_PARAM_AEAD_TAG); tag && !one.set_tag(*tag)) return 0;
  if (const auto header = octets(params, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD); header && !one.set_record(*header)) return 0;
  const auto fixed = octets(params, OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED);
  return !fixed || one.set_fixed_nonce(*fixed) ? 1 : 0;
}

template <bool encrypt>
int start(void* context, const unsigned char* key, std::size_t key_size, const unsigned char* nonce,
          std::size_t nonce_size, const OSSL_PARAM params[]) noexcept {
  const bytes with_key(key, key == nullptr ? 0 : key_size);
  const bytes with_nonce(nonce, nonce == nullptr ? 0 : nonce_size);
  return of(context).start(encrypt, with_key, with_nonce) ? set_parameters(context, params) : 0;
}

// Without a place for the outcome it is additional data.
int update(void* context, unsigned char* out, std::size_t* written, std::size_t room, const unsigned char* in,
           std::size_t size) noexcept {
  *written = 0;
  if (size == 0) return 1;
  if (out == nullptr) {
    *written = size;
    return of(context).add_data({in, size}) ? 1 : 0;
  }
  return room >= size && of(context).update(out, *written, {in, size}) ? 1 : 0;
}

int finish(void* context, unsigned char* /*out*/, std::size_t* written, std::size_t /*room*/) noexcept {
  *written = 0;
  return of(context).finish() ? 1 : 0;
}

int put_size(OSSL_PARAM params[], const char* name, std::size_t value) noexcept {
  auto* const wanted = OSSL_PARAM_locate(params, name);
  return wanted == nullptr ? 1 : OSSL_PARAM_set_size_t(wanted, value);
}

int put_flag(OSSL_PARAM params[], const char* name) noexcept {
  auto* const wanted = OSSL_PARAM_locate(params, name);
  return wanted == nullptr ? 1 : OSSL_PARAM_set_int(wanted, 1);
}

template <std::size_t key_bytes>
int describe(OSSL_PARAM params[]) noexcept {
  constexpr unsigned gcm_mode = 6;  // EVP_CIPH_GCM_MODE
  auto* const mode = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_MODE);
  const bool told = (mode == nullptr || OSSL_PARAM_set_uint(mode, gcm_mode) == 1) &&
                    put_flag(params, OSSL_CIPHER_PARAM_AEAD) == 1 &&
                    put_flag(params, OSSL_CIPHER_PARAM_CUSTOM_IV) == 1 &&
                    put_size(params, OSSL_CIPHER_PARAM_KEYLEN, key_bytes) == 1 &&
                    put_size(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, 1) == 1 &&
                    put_size(params, OSSL_CIPHER_PARAM_IVLEN, nonce_bytes) == 1;
  return told ? 1 : 0;
}

int get_parameters(void* context, OSSL_PARAM params[]) noexcept {
  const auto& one = of(context);
  const bool sizes = put_size(params, OSSL_CIPHER_PARAM_KEYLEN, one.key_bytes()) == 1 &&
                     put_size(params, OSSL_CIPHER_PARAM_IVLEN, nonce_bytes) == 1 &&
                     put_size(params, OSSL_CIPHER_PARAM_AEAD_TAGLEN, tag_bytes) == 1 &&
                     put_size(params, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, one.record_growth()) == 1;
  if (!sizes) return 0;
  auto* const nonce = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_IV);
  if (nonce != nullptr && OSSL_PARAM_set_octet_string(nonce, one.nonce().data(), nonce_bytes) != 1) return 0;
  auto* const tag = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD_TAG);
  if (tag == nullptr) return 1;
  tag->return_size = tag->data_size;
  return one.copy_tag({static_cast<std::uint8_t*>(tag->data), tag->data_size}) ? 1 : 0;
}

const OSSL_PARAM* gettable(void* /*context*/, void* /*provider*/) noexcept {
  static const std::array<OSSL_PARAM, 7> known{
      {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, nullptr), OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, nullptr),
       OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TAGLEN, nullptr),
       OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, nullptr),
       OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_IV, nullptr, 0),
       OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, nullptr, 0), OSSL_PARAM_END}};
  return known.data();
}

const OSSL_PARAM* settable(void* /*context*/, void* /*provider*/) noexcept {
  static const std::array<OSSL_PARAM, 5> known{
      {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, nullptr),
       OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, nullptr, 0),
       OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, nullptr, 0),
       OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, nullptr, 0), OSSL_PARAM_END}};
  return known.data();
}

// OpenSSL knows functions by number and one type (core_dispatch.h).
template <class Function>
OSSL_DISPATCH entry(int number, Function* function) noexcept {
  return {number, reinterpret_cast<void (*)()>(function)};
}

template <std::size_t key_bytes>
const OSSL_DISPATCH* functions() noexcept {
  static const std::array<OSSL_DISPATCH, 13> table{entry(OSSL_FUNC_CIPHER_NEWCTX, make<key_bytes>),
                                                   entry(OSSL_FUNC_CIPHER_FREECTX, destroy),
                                                   entry(OSSL_FUNC_CIPHER_DUPCTX, copy),
                                                   entry(OSSL_FUNC_CIPHER_ENCRYPT_INIT, start<true>),
                                                   entry(OSSL_FUNC_CIPHER_DECRYPT_INIT, start<false>),
                                                   entry(OSSL_FUNC_CIPHER_UPDATE, update),
                                                   entry(OSSL_FUNC_CIPHER_FINAL, finish),
                                                   entry(OSSL_FUNC_CIPHER_GET_PARAMS, describe<key_bytes>),
                                                   entry(OSSL_FUNC_CIPHER_GET_CTX_PARAMS, get_parameters),
                                                   entry(OSSL_FUNC_CIPHER_SET_CTX_PARAMS, set_parameters),
                                                   entry(OSSL_FUNC_CIPHER_GETTABLE_CTX_PARAMS, gettable),
                                                   entry(OSSL_FUNC_CIPHER_SETTABLE_CTX_PARAMS, settable),
                                                   OSSL_DISPATCH{0, nullptr}};
  return table.data();
}

const OSSL_ALGORITHM* query(void* /*provider*/, int operation, int* no_cache) noexcept {
  *no_cache = 0;
  if (operation != OSSL_OP_CIPHER) return nullptr;
  static const std::array<OSSL_ALGORITHM, 3> all{
      {{"AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", property, functions<16>(), nullptr},
       {"AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", property, functions<32>(), nullptr},
       {nullptr, nullptr, nullptr, nullptr}}};
  return all.data();
}

int become(const OSSL_CORE_HANDLE* /*core*/, const OSSL_DISPATCH* /*of_core*/, const OSSL_DISPATCH** ours,
           void** context) noexcept {
  static const std::array<OSSL_DISPATCH, 2> table{entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                                  OSSL_DISPATCH{0, nullptr}};
  static int here = 0;
  *ours = table.data();
  *context = &here;  // none is kept, but OpenSSL takes null for a failure of some functions
  return 1;
}

}  // namespace

bool load_provider() noexcept {
  constexpr const char* name = "regpass";
  if (OSSL_PROVIDER_add_builtin(nullptr, name, become) != 1) return false;
  // Loading one by name turns off that OpenSSL loads its own by itself (OSSL_PROVIDER_load(3)). Both stay to the end.
  static const OSSL_PROVIDER* const own = OSSL_PROVIDER_load(nullptr, "default");
  static const OSSL_PROVIDER* const added = OSSL_PROVIDER_load(nullptr, name);
  return own != nullptr && added != nullptr;
}

}  // namespace regpass::tls::vaes
