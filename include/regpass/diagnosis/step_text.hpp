// One step of a handshake as a sentence.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <string>
#include <string_view>

namespace regpass::diagnosis {

std::string_view speaker_text(const step&) noexcept;  // who acted: "registry"
std::string step_text(const step&);                   // "answered 401, Bearer realm=…"
std::string spaced(std::string_view challenge);       // with room for line breaks

}  // namespace regpass::diagnosis
