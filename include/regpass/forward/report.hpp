// The `exchange` line of the log, from the evidence.
#pragma once

#include "regpass/forward/finished.hpp"

#include <boost/json/object.hpp>

#include <optional>

namespace regpass::forward {

boost::json::object exchange_line(const explain::evidence&, const std::optional<explain::explanation>&, const traffic&);

// Its `msg`.
std::string message_of(const explain::evidence&, const std::optional<explain::explanation>&);

// Writes it, at warn when something is explained, else at info.
void report(const explain::evidence&, const std::optional<explain::explanation>&, const traffic&);

// A `notice` line for each thing that is worth saying though nothing need have failed (explain::notices).
void report_notices(const explain::evidence&);

}  // namespace regpass::forward
