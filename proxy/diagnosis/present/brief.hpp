// A sentence that is too long for a status line, without its end being lost: what is in it of names and of others'
// words gets shorter, least useful first, until it fits.
#pragma once

#include "regpass/diagnosis/diagnose.hpp"

#include <cstddef>
#include <string>

namespace regpass::diagnosis {

// `text` and `parts` are ASCII. At most `cap` characters; where nothing else helps it ends in " ...", its longest path
// kept if there is room.
std::string brief(std::string text, const explanation::names& parts, std::size_t cap);

}  // namespace regpass::diagnosis
