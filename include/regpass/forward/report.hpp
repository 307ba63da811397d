// The `exchange` line of the log, from the evidence.
#pragma once

#include "regpass/forward/finished.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <vector>

namespace regpass::forward {

boost::json::object exchange_line(const explain::evidence&, const std::optional<explain::explanation>&, const traffic&);

// For a line of another event: what a later `regpass explain` needs to come to the same verdict.
void add_explained(boost::json::object& line, const explain::evidence&, const explain::explanation&);

// Its `msg`.
std::string message_of(const explain::evidence&, const std::optional<explain::explanation>&);

// Writes it, at warn when something is explained, else at info.
void report(const explain::evidence&, const std::optional<explain::explanation>&, const traffic&);

// A `notice` line for each. That a credential is passed over is said once only, since every exchange line has it.
void report_notices(const explain::evidence&, const std::vector<explain::explanation>& notices,
                    bool passed_over_now = false);

// A `credential-warning` line for each (explain::warnings); at info where regpass copes and other tools do not.
void report_warnings(const std::vector<explain::explanation>&);

}  // namespace regpass::forward
