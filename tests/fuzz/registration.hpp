// How targets are found by name in test_fuzz.
#pragma once

#include <string_view>

namespace regpass::fuzz {

using target = void (*)(std::string_view bytes);

struct registration {
  registration(const char* name, target run);
};

}  // namespace regpass::fuzz
