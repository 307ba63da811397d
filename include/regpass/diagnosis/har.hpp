// Handshakes as an HTTP Archive 1.2, for browsers' developer tools and mitmproxy. Pure; the evidence may be live or
// read back from a log.
//
// There is a page for each exchange and an entry for each request made for it: probes of /v2/, token requests and
// requests to the registry. An exchange without any has one entry, the client's request and its answer. Unknown values
// are absent, or -1 where the format allows it. Members named "_regpass" hold what the format has no place for: in a
// page the evidence and the explanation; in an entry its role, the credential's source, the scopes, and the explanation
// if that request failed.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <boost/json/object.hpp>

#include <span>

namespace regpass::diagnosis {

boost::json::object to_har(std::span<const evidence>);

}  // namespace regpass::diagnosis
