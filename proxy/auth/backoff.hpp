// How long a token server that gave no token is left alone.
#pragma once

#include "regpass/auth/token.hpp"

#include <chrono>

namespace regpass::auth {

// A refusal is remembered for 7.5 to 10 s: a build does not lock an account out, and a mended password works almost at
// once. Trouble that may pass, for 0.75 to 1 s. Where the server named a time (Retry-After), for that and up to a tenth
// more, within [1 s, 60 s]. The right form for the question has to be found, so a wrong one is not remembered (zero),
// unless it was answered by 400, which may be a verdict on the credential.
// `random` in [0, 1) spreads the requests of many that failed at the same moment.
std::chrono::milliseconds hold_off(const token_failure&, double random);

}  // namespace regpass::auth
