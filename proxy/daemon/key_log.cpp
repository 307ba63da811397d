#include "daemon/key_log.hpp"

#include "regpass/base/log.hpp"
#include "tls/key_log.hpp"

namespace regpass::daemon {

result<void> begin_key_log(const config::settings& settings) {
  const auto& file = settings.tls.key_log_file;
  if (file.empty()) return {};
  if (auto started = tls::start_key_log(file); !started)
    return fail(started.error().code, "tls.key_log_file: " + started.error().detail);
  log::write(log::level::warn, "key-log",
             "THE KEYS OF EVERY TLS CONNECTION ARE WRITTEN TO " + file.string() +
                 ": with a capture they open passwords, tokens and images; take tls.key_log_file out, and remove the "
                 "file, when you have seen what you wanted to",
             {{"file", file.string()}});
  return {};
}

}  // namespace regpass::daemon
