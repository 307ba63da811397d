// The long texts of the cause table: for a terminal, and as the index of failures that search engines find.
#pragma once

#include "diagnosis/causes/causes.hpp"
#include "diagnosis/present/render.hpp"

#include <string>

namespace regpass::diagnosis {

// What it looks like on the wire, why it happens, what to do, how to tell it from what it is confused with.
std::string manual(const cause&, const render_options& = {});
// One line for each cause: its name and title.
std::string list_of_causes(const render_options& = {});
// All of it as Markdown: docs/failures.md.
std::string failure_index();

}  // namespace regpass::diagnosis
