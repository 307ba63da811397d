// How a failure without an answer is described, by code and phase; the same for registries and token servers.
#pragma once

#include "diagnosis/causes/facts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::diagnosis::failure_words {

// "refused the connection"; follows a host name.
std::string what_happened(const error&);
// ": connection refused by 10.0.0.7:443", or nothing.
std::string detail(const error&);
// `name` is the server that did not answer, with its port if any.
std::vector<std::string> fix(const error&, const facts&, const std::string& name);

}  // namespace regpass::diagnosis::failure_words
