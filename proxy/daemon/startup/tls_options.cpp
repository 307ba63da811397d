#include "daemon/startup/tls_options.hpp"

#include "regpass/base/log.hpp"
#include "tls/fast_aes.hpp"
#include "tls/key_log.hpp"

namespace regpass::daemon {

result<void> start_key_log(const config::settings& settings) {
  const auto& file = settings.tls.key_log_file;
  if (file.empty()) return {};
  if (auto started = tls::start_key_log(file); !started)
    return fail(started.error().code, "tls.key_log_file: " + started.error().detail);
  log::write(log::level::warn, "key-log",
             "THE KEYS OF EVERY TLS CONNECTION ARE WRITTEN TO " + file.string() +
                 ": anyone with this file and a packet capture can decrypt passwords, tokens and images; remove "
                 "tls.key_log_file and the file when you are done",
             {{"file", file.string()}});
  return {};
}

void start_fast_aes(const config::settings& settings) {
  if (!settings.tls.fast_aes) return;
  const auto aes = tls::start_fast_aes();
  log::write(log::level::info, "aes", aes.on ? "AES-GCM uses AVX-512" : "AES-GCM is left to OpenSSL: " + aes.why,
             {{"fast", aes.on}});
}

}  // namespace regpass::daemon
