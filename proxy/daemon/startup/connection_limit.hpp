// How many client connections may be open at a time.
#pragma once

#include <cstddef>
#include <string>

namespace regpass::daemon {

struct connection_limit {
  std::size_t count = 0;
  std::string reason;  // for the log
};

// `configured`: limits.connections, 0 if regpass chooses. `open_files` and `memory` are the limits of the process;
// SIZE_MAX: none.
connection_limit choose_connection_limit(std::size_t configured, std::size_t open_files, std::size_t memory);
// From the limits of this process.
connection_limit connection_limit_for(std::size_t configured);

}  // namespace regpass::daemon
