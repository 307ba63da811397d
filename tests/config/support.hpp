// What the tests of config have in common.
#pragma once

#include "regpass/config/load.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace regpass::config {

inline inputs plain(purpose p = purpose::serve) {
  inputs in;
  in.purpose = p;
  in.root = true;
  return in;
}

inline loaded from(std::string_view toml, const inputs& in = plain()) {
  return load_text(toml, "/etc/regpass/regpass.toml", in);
}

// All problems as lines "what | fix".
inline std::string report(const loaded& l) {
  std::string out;
  for (const auto& one : l.problems) out += one.what + " | " + one.fix + "\n";
  return out;
}

inline std::string report(std::string_view toml, const inputs& in = plain()) {
  return report(from(toml, in));
}

}  // namespace regpass::config
