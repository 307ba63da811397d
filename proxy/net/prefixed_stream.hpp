// A stream that first returns bytes that were read ahead.
#pragma once

#include "regpass/net/stream.hpp"

#include <memory>
#include <string>

namespace regpass::net {

// `below` itself if the prefix is empty.
std::unique_ptr<stream> make_prefixed_stream(std::string prefix, std::unique_ptr<stream> below);

}  // namespace regpass::net
