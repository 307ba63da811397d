// Docker's certs.d: a directory per registry, named as in image names, with the CAs and the client certificate for it.
#pragma once

#include "regpass/tls/context.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace regpass::tls {

// The first of `names` ("registry.test:5443") that is a directory in `certs_dir` adds to `known`: every *.crt is a CA
// trusted in addition to the system's, *.cert with the *.key of the same stem is the client certificate. Values that
// `known` already has (ca_file; client certificate and key) take precedence. Errors name the file: a certificate
// without its key or the reverse, a second pair, a directory that cannot be read. Without such a directory `known`
// is returned unchanged.
result<trust> with_certs_dir(trust known, const std::filesystem::path& certs_dir,
                             const std::vector<std::string>& names);

}  // namespace regpass::tls
