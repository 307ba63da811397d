// Names of exchanges (short, unique enough to find one in a log, without meaning) and of this process.
#pragma once

#include <string>

namespace regpass::forward {

std::string new_id();

// What this process calls itself in Via: no other regpass on the way is taken for it.
const std::string& pseudonym();

}  // namespace regpass::forward
