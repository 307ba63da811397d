// docker-credential-helpers: `docker-credential-NAME get`, the server on standard input, JSON on standard output.
#pragma once

#include "regpass/auth/program.hpp"

namespace regpass::auth {

program_question docker_helper_question(const registry::host&);
program_says read_docker_helper(const std::string& name, const registry::host&, const program_output&);

// "NAME ended with status 1". What it printed, standard output included unless that may be a credential, is kept apart.
program_says failure_of(const std::string& name, const program_output&);

// Why the output, which is no JSON object, cannot be used.
std::string no_object_from(const std::string& name, std::string_view output);

}  // namespace regpass::auth
