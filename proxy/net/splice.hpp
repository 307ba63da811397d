// Bytes from one TCP connection to another without a copy of them here (splice(2)): for tunnels, in which nobody looks.
#pragma once

#include "regpass/net/stream.hpp"

#include <cstddef>
#include <optional>

namespace regpass::net {

// Waits for bytes of `from` and passes on to `to` what came: at least one byte, or 0 at the end of `from`. Nothing,
// when this cannot be done now and no byte was taken: one of them is no plain TCP connection, the kernel refuses, or
// too many descriptors are in use for it. Then they are to be copied.
async::task<result<std::optional<std::size_t>>> splice_some(stream& from, stream& to);

}  // namespace regpass::net
