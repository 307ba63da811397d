#include "tls/openssl_ptr.hpp"

#include <openssl/err.h>

namespace regpass::tls {

std::string queue_text() {
  const unsigned long oldest = ERR_get_error();
  const char* reason = oldest == 0 ? nullptr : ERR_reason_error_string(oldest);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace regpass::tls
