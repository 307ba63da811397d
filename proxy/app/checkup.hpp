// `regpass check`: the handshake that `serve` would do, done now, with every step told.
#pragma once

#include "regpass/config/load.hpp"
#include "regpass/forward/journal.hpp"
#include "regpass/registry/reference.hpp"

#include <string>
#include <vector>

namespace regpass::app {

struct checkup_step {
  std::string name;
  std::string text;
  bool fine = true;
};

struct checkup {
  std::vector<checkup_step> steps;
  std::vector<forward::finished> exchanges;
  bool works = true;
};

// Errors are of our own side only (a CA file that cannot be read); what a registry refuses is a step.
result<checkup> check_up(const config::loaded&, const config::inputs&, const registry::reference&, bool push);

}  // namespace regpass::app
