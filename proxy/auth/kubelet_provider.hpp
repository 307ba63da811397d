// The kubelet's CredentialProvider API: one JSON object in, one out.
#pragma once

#include "regpass/auth/program.hpp"

namespace regpass::auth {

program_question kubelet_question(const std::string& image);
program_says read_kubelet_provider(const std::string& name, const std::string& image, const program_output&);

}  // namespace regpass::auth
