// Names of exchanges: short, unique enough to find one in a log, without meaning.
#pragma once

#include <string>

namespace regpass::forward {

std::string new_id();

}  // namespace regpass::forward
