// Memory that only the start has needed.
#pragma once

namespace regpass::platform {

// Lets go of what the start has left in memory: free pieces of the heap, and the pages of the program and its libraries
// which were mapped so far. Those that are needed again come back from the page cache, some 64 KiB at a time; those
// that are not, such as the reading of the configuration, no longer count as in use when memory is short.
void let_go_of_start_up() noexcept;

}  // namespace regpass::platform
