// TLS interception: regpass takes the registry's place in the client's TLS handshake.
//
// A mode decides to intercept (`leaf_for`, `expect_tls`) and returns. The session then waits for the ClientHello,
// performs the handshake (`accept_tls`) and serves the requests inside (session/intercepted_requests.hpp).
#pragma once

#include "forward/exchange/route.hpp"
#include "forward/session/connection.hpp"
#include "regpass/diagnosis/evidence.hpp"
#include "regpass/tls/context.hpp"

#include <string>

namespace regpass::forward {

// Why a registry's TLS is not intercepted even though it is served.
struct not_intercepted {
  std::string bypass;  // the connection is tunnelled, and its log line says this; empty: it must be refused
  diagnosis::policy_step refusal;
};

// What is needed to intercept TLS for `to`: a certificate for its name.
std::expected<tls::context, not_intercepted> leaf_for(const connection&, const target& to, const decision&);

// Whether regpass injects nothing for the registry: then a connection that cannot be intercepted is tunnelled.
bool is_only_observed(const registry_entry* entry) noexcept;

// The client's next bytes will be the ClientHello of a handshake for `to`.
void expect_tls(connection&, tls::context context, target to);
// Performs the expected handshake. `client_spoke` is the outcome of waiting for its first byte. On success
// `interception.established` is set; a failure has been reported.
async::task<void> accept_tls(connection&, result<void> client_spoke);

// Reports that the client ended TLS for `to`, most often because it does not trust regpass's certificate.
void report_rejected_tls(connection&, const target& to, error problem);

}  // namespace regpass::forward
