// What a process that holds credentials gives up. Best effort: if the kernel does not support a part, that is logged
// and regpass runs without it.
#pragma once

#include <boost/json/object.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace regpass::platform {

// For every command, before anything else: no core dumps, and no debugger of the same user (T28).
void hide_memory() noexcept;

// What `serve` and its children do without, permanently: memory in core dumps even if they are enabled from outside,
// new privileges, the system calls that only an intruder needs, and, if no program has to be run, running programs and
// writing outside of `writable`.
struct confinement {
  std::vector<std::filesystem::path> writable{};  // directories that regpass itself writes to; created if missing
  bool runs_programs = true;                      // they may write anywhere
  std::filesystem::path published{};              // one of `writable` that everyone may read; created so if missing
};

// Must be called before other threads are started. Returns the outcome of each part for the log: "on", or why not.
boost::json::object confine(const confinement&);

// Parts of the above. Empty on success, otherwise the reason.
std::string refuse_system_calls();
std::string restrict_files(const std::vector<std::filesystem::path>& writable);

}  // namespace regpass::platform
