// Remarks on credentials that were read: what looks wrong about them, or will be soon.
#pragma once

#include "regpass/auth/credential.hpp"

namespace regpass::daemon {

// Adds to the entries' `problem`, which is a remark where there is a credential.
void add_remarks(auth::credential_store&);

// Whether the program cannot be run because its file is nowhere.
bool is_missing(const auth::credential_program&);

}  // namespace regpass::daemon
