// What a process that holds credentials gives up. Best effort: a kernel that lacks a part is told of, and served
// without it.
#pragma once

#include "config/settings.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace regpass::daemon {

// For every command, first of all: no core dump and no tracer of the same user (T28).
void hide_memory() noexcept;

// What `serve` does without, for good, its children included: memory in dumps that somebody switches on from outside,
// new privileges, the system calls that only an intruder
// needs, and, when no program has to be run, running programs and writing outside of `writable`.
struct confinement {
  std::vector<std::filesystem::path> writable{};  // directories that regpass itself writes to; made when missing
  bool runs_programs = true;                      // they write where they please
  std::filesystem::path published{};              // one of `writable` that everybody may read; made so when missing
};
confinement confinement_for(const config::settings&);

// Must come before other threads are started. What was reached, for the log: "on", or why not, for each part.
boost::json::object confine(const confinement&);

// Parts of the above. An empty text is success, else it says why not.
std::string refuse_system_calls();
std::string restrict_files(const std::vector<std::filesystem::path>& writable);

}  // namespace regpass::daemon
