#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

// Debian's libcrypto is not built for ThreadSanitizer, which thus does not see by which atomic flag a thread learns
// that another one has prepared a certificate (`ex_cached` of x509v3's ossl_x509v3_cache_extensions). What is passed
// over is what libcrypto itself copies and compares.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libcrypto.so.3\n";
}
