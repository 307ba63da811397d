// The options that forward reads, under the names it uses.
#pragma once

#include "auth/policy.hpp"
#include "regpass/options/clients.hpp"
#include "regpass/options/limits.hpp"
#include "regpass/options/registry.hpp"

namespace regpass::forward {

using options::builder_kind;
using options::client_rules;
using options::http2_use;
using options::mirror_options;
using options::other_hosts;
using options::program_bounds;
using options::registry_options;
using options::step_requests;
using options::token_bounds;

}  // namespace regpass::forward
