// Finds the program that a command line runs: behind wrappers such as sudo, and inside of a shell's script. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::cli {

using words = std::span<const std::string>;

std::string_view base_name(std::string_view path);

// The command lines that this one may run, without wrappers: itself, or those of the script of `sh -c`.
std::vector<std::vector<std::string>> commands_run_by(words line);

}  // namespace regpass::cli
