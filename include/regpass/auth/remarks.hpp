// What a credential says of itself before it is sent anywhere: when it ends, whom it is for, and forms that are known
// to be wrong. For warnings and explanations; nothing is refused because of it.
#pragma once

#include "regpass/auth/credential.hpp"

#include <string>
#include <vector>

namespace regpass::auth {

// Sentences without secrets: "the ECR password expires at 2026-08-01T17:55:03.000Z". Empty for most credentials.
std::vector<std::string> remarks_on(const credential&, const registry::host&);

}  // namespace regpass::auth
