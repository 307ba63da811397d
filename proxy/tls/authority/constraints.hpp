// Which names a CA may sign for: X.509 name constraints (RFC 5280 section 4.2.1.10), written and read.
#pragma once

#include "regpass/base/error.hpp"
#include "tls/openssl_ptr.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::tls {

// Adds critical constraints that permit these names and, as a type that is not mentioned would be free, forbid every
// other DNS name and address, also when there is no name at all.
result<void> add_constraints(X509& certificate, const std::vector<std::string>& names);

// The permitted DNS names and addresses; empty when the certificate has no constraints.
std::vector<std::string> permitted_names(const X509& certificate);

// Is a signed certificate within the issuer's constraints? By OpenSSL's own check, so that we never mint what clients
// refuse.
bool permits(const X509& issuer, X509& certificate);
// The same for a certificate that would be for just this name.
bool permits(const X509& issuer, std::string_view name);

}  // namespace regpass::tls
