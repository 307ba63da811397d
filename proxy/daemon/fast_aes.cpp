#include "daemon/fast_aes.hpp"

#include "regpass/base/log.hpp"
#include "tls/fast_aes.hpp"

namespace regpass::daemon {

void begin_fast_aes(const config::settings& settings) {
  if (!settings.tls.fast_aes) return;
  const auto aes = tls::start_fast_aes();
  log::write(log::level::info, "aes", aes.on ? "AES-GCM runs by AVX-512" : "AES-GCM is OpenSSL's: " + aes.why,
             {{"fast", aes.on}});
}

}  // namespace regpass::daemon
