// Moves bytes from one TCP connection to another without copying them to user space (splice(2)): for tunnels, whose
// content regpass does not inspect.
#pragma once

#include "regpass/net/stream.hpp"

#include <cstddef>
#include <optional>

namespace regpass::net {

// Waits for bytes from `from` and forwards them to `to`. Returns how many, 0 at the end of `from`. Returns nothing if
// splicing is impossible now and no byte was read: a stream is not a plain TCP connection, the kernel refuses, or too
// many descriptors are in use. The caller then copies the bytes instead.
async::task<result<std::optional<std::size_t>>> splice_some(stream& from, stream& to);

}  // namespace regpass::net
