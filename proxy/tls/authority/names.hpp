// The names that certificates are made and judged for: DNS names and IP addresses.
#pragma once

#include "regpass/base/error.hpp"
#include "tls/openssl_ptr.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::tls {

struct subject_name {
  std::string text;     // a DNS name in lower case without its final dot, or an address as written
  std::string address;  // 4 or 16 bytes in network order; empty for a DNS name
};

// Letters, digits, '-', '_' and '.', or an IP literal without brackets; at most 253 characters. Wildcards are refused:
// everything here is one host.
result<subject_name> parse_name(std::string_view name);

general_name_ptr to_general_name(const subject_name&);
// An address and its mask, as name constraints want them (RFC 5280 section 4.2.1.10); `bits` is 0 or a multiple of 8.
general_name_ptr to_subtree(const std::string& address, unsigned bits);

// Makes it the certificate's one subject alternative name.
bool set_only_name(X509& certificate, const subject_name& name);

// "a.test", "10.0.0.7", for constraints also "10.0.0.0/8"; other types of names are left out.
std::string to_text(const GENERAL_NAME&);
// The subject alternative names, cleaned, at most `most` of them; then "…" stands for the others.
std::vector<std::string> names_in(const X509&, std::size_t most = 10);

}  // namespace regpass::tls
