#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

// Debian's libcrypto is not instrumented for ThreadSanitizer, which therefore does not see the atomic flag that tells a
// thread that another one has prepared a certificate (`ex_cached` in x509v3's ossl_x509v3_cache_extensions). Only
// libcrypto's own copies and comparisons are suppressed.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libcrypto.so.3\n";
}
