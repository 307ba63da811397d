// The `exchange` line of the log, from the evidence.
#pragma once

#include "forward/record/exchange_record.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <vector>

namespace regpass::forward {

boost::json::object exchange_line(const diagnosis::evidence&, const std::optional<diagnosis::explanation>&,
                                  const traffic&);

// For a line of another event: what a later `regpass explain` needs to come to the same verdict.
void add_explained(boost::json::object& line, const diagnosis::evidence&, const diagnosis::explanation&);

// Its `msg`.
std::string message_of(const diagnosis::evidence&, const std::optional<diagnosis::explanation>&);

// Writes it, at warn when something is explained, else at info.
void report(const diagnosis::evidence&, const std::optional<diagnosis::explanation>&, const traffic&);

// A `notice` line for each. That a credential is passed over is said once only, since every exchange line has it.
void report_notices(const diagnosis::evidence&, const std::vector<diagnosis::explanation>& notices,
                    bool passed_over_now = false);

// A `credential-warning` line for each (diagnosis::warnings); at info where regpass copes and other tools do not.
void report_warnings(const std::vector<diagnosis::explanation>&);

}  // namespace regpass::forward
