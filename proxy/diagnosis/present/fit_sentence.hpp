// Shortens a sentence until it fits a status line, without losing its end: names and quotations in it are shortened,
// the least useful first.
#pragma once

#include "regpass/diagnosis/diagnose.hpp"

#include <cstddef>
#include <string>

namespace regpass::diagnosis {

// `text` and `parts` are ASCII. At most `cap` characters; if nothing else helps, it ends in " ...", keeping its longest
// path if there is room.
std::string fit_sentence(std::string text, const explanation::names& parts, std::size_t cap);

}  // namespace regpass::diagnosis
