// Handshakes as an HTTP Archive 1.2, for browsers' developer tools and mitmproxy. Pure; from evidence just observed or
// read back from a log.
//
// A page for each exchange, an entry for each request that was made for it: probes of /v2/, token requests and what was
// sent to the registry; an exchange without any has one entry, the client's own request and what it was answered. What
// evidence does not know is absent or -1 where the format allows that. Members that begin with "_regpass" have what the
// format has no place for: of a page the evidence and the explanation, of an entry its role, the credential's source,
// scopes, and the explanation where it broke.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <boost/json/object.hpp>

#include <span>

namespace regpass::diagnosis {

boost::json::object to_har(std::span<const evidence>);

}  // namespace regpass::diagnosis
