// Boost's error codes become ours here, once.
#pragma once

#include <boost/system/error_code.hpp>

#include <string>

#include "regpass/base/error.hpp"

namespace regpass::net {

error to_error(const boost::system::error_code&, phase, party, std::string detail = {});

}  // namespace regpass::net
