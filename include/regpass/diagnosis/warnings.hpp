// Problems of credentials that are known before any request fails, with the same causes and texts as for failures.
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/base/time.hpp"
#include "regpass/diagnosis/diagnose.hpp"

#include <string>
#include <vector>

namespace regpass::diagnosis {

// One for each fault of an entry or file, and for each entry that expires within half an hour. `searched`: the searched
// paths, each with the result. A missing file is worth a warning only if the configuration names it.
std::vector<explanation> warnings(const auth::credential_store&, const std::vector<std::string>& searched,
                                  bool places_are_written, wall_time now);

}  // namespace regpass::diagnosis
