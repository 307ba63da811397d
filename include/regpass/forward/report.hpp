// The `exchange` line of the log, from the evidence.
#pragma once

#include "forward/record/exchange_record.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <vector>

namespace regpass::forward {

boost::json::object exchange_line(const diagnosis::evidence&, const std::optional<diagnosis::explanation>&,
                                  const traffic&);

// For a line of another event: adds what `regpass explain` needs to reach the same conclusion later.
void add_explained(boost::json::object& line, const diagnosis::evidence&, const diagnosis::explanation&);

// The `msg` of the line.
std::string message_of(const diagnosis::evidence&, const std::optional<diagnosis::explanation>&);

// Writes the line, at warn if there is an explanation, else at info.
void report(const diagnosis::evidence&, const std::optional<diagnosis::explanation>&, const traffic&);

// A `notice` line for each. The notice that a credential was skipped is written only when `passed_over_now` is set,
// because every exchange line has the fact.
void report_notices(const diagnosis::evidence&, const std::vector<diagnosis::explanation>& notices,
                    bool passed_over_now = false);

// A `credential-warning` line for each (diagnosis::warnings); at info where only other tools have a problem.
void report_warnings(const std::vector<diagnosis::explanation>&);

}  // namespace regpass::forward
