// Builds the snapshot that exchanges work with from settings and credentials.
#pragma once

#include "config/settings.hpp"
#include "daemon/credential_loader.hpp"
#include "regpass/forward/snapshot.hpp"

#include <memory>
#include <string>

namespace regpass::daemon {

// Its registries are those configured and those with a credential entry, even a broken one, whose failure must be
// explained. Reads the CA and client certificate files; an error names the file and the registry. `own_ca_pem` is never
// trusted upstream. `client_password`: what clients of the proxy must present, if anything.
result<forward::snapshot_ptr> make_snapshot(const config::settings&, const credentials&, const std::string& own_ca_pem,
                                            std::shared_ptr<const secret> client_password = nullptr);

}  // namespace regpass::daemon
