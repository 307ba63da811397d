// What our own commands ask a sidecar that runs on this machine.
#pragma once

#include "admin/client.hpp"

#include <filesystem>
#include <string>

namespace regpass::cli {

// A GET by its admin socket; waits for the answer. Errors name the socket.
result<admin::answer> ask_sidecar(const std::filesystem::path& socket, std::string target);

}  // namespace regpass::cli
