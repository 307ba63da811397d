// The documentation of the causes, for a terminal and as the index of failures (docs/failures.md).
#pragma once

#include "diagnosis/causes/causes.hpp"
#include "diagnosis/present/render.hpp"

#include <string>

namespace regpass::diagnosis {

// What it looks like on the wire, why it happens, what to do, and how to tell it apart from similar causes.
std::string manual(const cause&, const render_options& = {});
// One line for each cause: its name and title.
std::string list_of_causes(const render_options& = {});
// All causes as Markdown: docs/failures.md.
std::string failure_index();

}  // namespace regpass::diagnosis
