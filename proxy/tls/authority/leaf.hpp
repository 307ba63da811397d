// Certificates for intercepted names, minted on demand and kept in a bounded cache, one server context each.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"
#include "regpass/tls/ca.hpp"
#include "regpass/tls/context.hpp"

#include <openssl/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace regpass::tls {

// One leaf: ECDSA P-256, exactly one SAN (DNS name or IP address), serverAuth, random serial, valid from an hour ago
// for 48 hours less that hour. If the clock is implausible, the leaf is valid at every plausible time.
struct leaf {
  std::shared_ptr<X509> certificate;
  wall_time not_before;
  wall_time not_after;
};
result<leaf> mint(const authority&, EVP_PKEY* leaf_key, std::string_view name, wall_time now);

// Thread-safe. All leaves share one key made at construction. The least recently used are dropped first. A leaf is
// replaced an hour before it expires, or when the wall clock is outside its validity (after a jump).
class leaf_cache {
 public:
  leaf_cache(authority ca, std::size_t capacity = 256);
  ~leaf_cache();

  // errc::denied when the CA's constraints do not cover the name. Callers ask only for names that are intercepted
  // (T25).
  result<context> get(std::string_view name, wall_time now);
  // The leaf is valid by the wall clock and, for a day after that was set, also by what it would have shown otherwise:
  // clients may have either time.
  result<context> get(std::string_view name, const instant& now);
  std::size_t size() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace regpass::tls
