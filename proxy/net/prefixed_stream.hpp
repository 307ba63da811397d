// A stream that first gives back bytes which were read too far.
#pragma once

#include "regpass/net/stream.hpp"

#include <memory>
#include <string>

namespace regpass::net {

// `below` itself when there is nothing to give back.
std::unique_ptr<stream> make_prefixed_stream(std::string prefix, std::unique_ptr<stream> below);

}  // namespace regpass::net
