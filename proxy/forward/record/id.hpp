// Ids of exchanges (short, and unique enough to find one in a log) and the name of this process.
#pragma once

#include <string>

namespace regpass::forward {

std::string new_id();

// The name in Via, which is different in every process, so that a loop is recognized and other instances are not.
const std::string& pseudonym();

}  // namespace regpass::forward
