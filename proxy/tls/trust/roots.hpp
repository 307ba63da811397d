// The certificates that this system trusts.
#pragma once

#include "regpass/base/error.hpp"
#include "tls/openssl_ptr.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::tls {

// Parsed lazily: parsing 140 of them takes as long as the rest of the program's start.
struct root_certificate {
  std::string der;
  name_ptr subject;
};
using root_list = std::vector<root_certificate>;

// Each certificate once, in the order found; empty when the system has none. A file named by SSL_CERT_FILE must be
// there and hold one; of the directories every file is read (as Go does, OpenSSL's hashed names or not), and what is no
// certificate is skipped. Read once per process and value of the two variables.
result<std::shared_ptr<const root_list>> system_roots();

std::string to_pem(const root_certificate&);

// A store that finds these roots, without the certificate whose DER is `except`. Equal arguments share one store.
result<store_ptr> root_store(const std::shared_ptr<const root_list>& roots, const std::string& except_der);
// A new store, not shared.
result<store_ptr> make_store(const std::shared_ptr<const root_list>& roots, const std::string& except_der);

}  // namespace regpass::tls
