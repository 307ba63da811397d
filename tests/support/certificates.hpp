// Certificates for tests, good ones and bad ones: a CA in memory and what it signs. Independent of the code under test.
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
  std::chrono::seconds valid_from{-3600};  // from now
  std::chrono::seconds valid_to{86400};
  key_kind key = key_kind::p256;
  std::string common_name{};           // empty: the first name
  bool for_servers = true;             // extended key usage serverAuth, else clientAuth
  std::vector<std::string> raw_dns{};  // DNS names taken byte for byte, after the others
};

struct issued {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

class test_ca {
 public:
  static test_ca make(std::string_view common_name = "Test CA", const issue_options& options = {});

  // Signs with somebody else's certificate and key (PEM).
  static test_ca from(std::string_view certificate, std::string_view key);

  // A certificate for these DNS names and IP literals; without any it has no alternative name.
  issued issue(const std::vector<std::string>& names, const issue_options& options = {}) const;
  // A CA below this one, able to issue in turn.
  test_ca intermediate(std::string_view common_name) const;

  std::string certificate() const;  // PEM
  std::string key() const;          // PEM

 private:
  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
};

// The first certificate and the key of a PEM text; the test ends when there is none.
std::shared_ptr<X509> certificate_from(std::string_view pem);
std::shared_ptr<EVP_PKEY> key_from(std::string_view pem);

}  // namespace regpass::testing
