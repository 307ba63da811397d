// Evidence and explanation as text for a terminal, 80 columns.
#pragma once

#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/diagnosis/evidence.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace regpass::diagnosis {

struct render_options {
  bool colour = false;
  std::size_t width = 80;
};

// The handshake as numbered steps, with times.
std::string render_handshake(const evidence&, const render_options& = {});
// Title, summary, evidence, fix, alternatives.
std::string render(const explanation&, const render_options& = {});

// A step of a list: whether it succeeded, its name, its result, and its duration (negative: not measured).
std::string render_step(bool fine, std::string_view name, std::string_view text, std::int64_t ms = -1,
                        const render_options& = {});

}  // namespace regpass::diagnosis
