// Valid and invalid certificates for tests, issued by a CA in memory. Independent of the code under test.
#pragma once

#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::testing {

enum class key_kind { p256, rsa2048 };

struct issue_options {
  std::chrono::seconds valid_from{-3600};  // relative to now
  std::chrono::seconds valid_to{86400};
  key_kind key = key_kind::p256;
  std::string common_name{};           // the first name if empty
  bool for_servers = true;             // extended key usage serverAuth, otherwise clientAuth
  std::vector<std::string> raw_dns{};  // DNS names encoded byte for byte, after the others
};

struct issued {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

class test_ca {
 public:
  static test_ca make(std::string_view common_name = "Test CA", const issue_options& options = {});

  // Signs with an existing certificate and key (PEM).
  static test_ca from(std::string_view certificate, std::string_view key);

  // A certificate for these DNS names and IP literals; if there are none, it has no alternative name.
  issued issue(const std::vector<std::string>& names, const issue_options& options = {}) const;
  // An intermediate CA below this one.
  test_ca intermediate(std::string_view common_name) const;

  std::string certificate() const;  // PEM
  std::string key() const;          // PEM

 private:
  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
};

// The first certificate and the key in a PEM text; fails the test if there is none.
std::shared_ptr<X509> certificate_from(std::string_view pem);
std::shared_ptr<EVP_PKEY> key_from(std::string_view pem);

}  // namespace regpass::testing
