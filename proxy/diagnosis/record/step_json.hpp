// One step of the evidence as a JSON object, and back.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>

namespace regpass::diagnosis {

boost::json::object step_to_json(const timed_step&);
// Nothing when it is no object or of a kind unknown here.
std::optional<timed_step> step_from_json(const boost::json::value&);

}  // namespace regpass::diagnosis
