// How many client connections are accepted at a time.
#pragma once

#include <cstddef>
#include <string>

namespace regpass::daemon {

struct connection_limit {
  std::size_t count = 0;
  std::string reason;  // for the log
};

// `configured`: limits.connections, 0 where it is left to us. `open_files` and `memory` are the process's limits;
// SIZE_MAX: none.
connection_limit choose_connection_limit(std::size_t configured, std::size_t open_files, std::size_t memory);
// By the limits of this process.
connection_limit connection_limit_for(std::size_t configured);

}  // namespace regpass::daemon
