// Remarks on credentials that were read: what looks wrong about them, or will be soon.
#pragma once

#include "regpass/auth/credential.hpp"

namespace regpass::app {

// Adds to the entries' `problem`, which is a remark where there is a credential.
void add_remarks(auth::credential_store&);

}  // namespace regpass::app
