// From settings and credentials to what exchanges work with.
#pragma once

#include "config/settings.hpp"
#include "daemon/credential_loader.hpp"
#include "regpass/forward/snapshot.hpp"

#include <memory>
#include <string>

namespace regpass::daemon {

// Registries are those configured and those of a credential entry, a broken one included: its failure must be
// explained. Reads the CA and client certificate files; an error names the file and the registry. `own_ca_pem` is never
// trusted upstream. `client_password`: what clients of the proxy must show, if anything.
result<forward::snapshot_ptr> make_snapshot(const config::settings&, const credentials&, const std::string& own_ca_pem,
                                            std::shared_ptr<const secret> client_password = nullptr);

}  // namespace regpass::daemon
