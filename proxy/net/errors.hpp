// Converts Boost's error codes to ours.
#pragma once

#include "regpass/base/error.hpp"

#include <boost/system/error_code.hpp>

#include <string>

namespace regpass::net {

error to_error(const boost::system::error_code&, phase, party, std::string detail = {});

}  // namespace regpass::net
