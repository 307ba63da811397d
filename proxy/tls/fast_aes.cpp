#include "tls/fast_aes.hpp"

#ifdef REGPASS_VAES
#include "tls/vaes/gcm.hpp"
#include "tls/vaes/provider.hpp"
#include "tls/vaes/self_test.hpp"
#endif

#include <openssl/err.h>

#include <atomic>

namespace regpass::tls {
namespace {

std::atomic<const char*> properties = nullptr;

std::string problem() {
#ifdef REGPASS_VAES
  if (!vaes::processor_has_it()) return "this processor has no AVX-512 with VAES";
  if (!vaes::load_provider()) return "OpenSSL does not take the provider";
  if (!vaes::agrees_with_openssl()) return "it does not give what OpenSSL's AES-GCM gives";
  return "";
#else
  return "this build is without ipsec-mb";
#endif
}

}  // namespace

fast_aes start_fast_aes() {
  if (properties != nullptr) return {.on = true, .why = ""};
  auto why = problem();
  ERR_clear_error();  // what the test's refused tags left
#ifdef REGPASS_VAES
  // The question mark makes it a preference: OpenSSL itself provides what this provider does not have.
  if (why.empty()) properties = "?regpass.vaes=yes";
#endif
  return {.on = why.empty(), .why = std::move(why)};
}

const char* cipher_properties() noexcept {
  return properties;
}

}  // namespace regpass::tls
