// What is wrong with credential files and entries, from what was said of them when they were read.
#pragma once

#include "diagnosis/causes/facts.hpp"

#include <vector>

namespace regpass::diagnosis {

// Of what was considered for the request, and of the files that were looked at.
std::vector<entry_fault> faults_of(const evidence&);

}  // namespace regpass::diagnosis
