// What is wrong with credentials before anything fails: the same causes and words as when it has failed.
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/base/time.hpp"
#include "regpass/diagnosis/diagnose.hpp"

#include <string>
#include <vector>

namespace regpass::diagnosis {

// One for each fault of an entry or file, and for each entry that says that it ends within half an hour. `searched`:
// what was looked at, with what became of it. That a file does not exist is worth a warning only where somebody has
// named it.
std::vector<explanation> warnings(const auth::credential_store&, const std::vector<std::string>& searched,
                                  bool places_are_written, wall_time now);

}  // namespace regpass::diagnosis
