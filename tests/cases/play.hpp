// Plays a case: registry, token server and a proxy on the way out on loopback, regpass between them and a client.
#pragma once

#include "regpass/diagnosis/diagnose.hpp"
#include "script.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regpass::testing {

struct outcome {
  int status = 0;  // of the last request's answer
  std::optional<diagnosis::explanation> explanation;
  std::vector<std::string> notices;
  std::vector<std::string> warnings;
  diagnosis::evidence evidence;
  boost::json::object line;  // the exchange as it was logged
};

outcome play(const scripted_case&);

}  // namespace regpass::testing
