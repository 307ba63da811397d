// Fields by which a client claims to be somebody else, or to have asked something else. Servers behind a proxy believe
// them: with a credential of ours beside it, such a request would do what policy did not allow.
#pragma once

#include "regpass/http/message.hpp"

#include <string_view>

namespace regpass::forward {

// Fields that say where a request came from, and those of docker's API that hold a login: no server behind us gets
// them.
bool is_claim_of_origin(std::string_view name);
// Another method, path, host or user than the request's own, and other spellings of the above. Not for requests that
// carry a credential of ours.
bool is_claim_of_request(std::string_view name);
// The same in the query: "_method=DELETE", as web frameworks read it. The name of the parameter; empty: none.
std::string_view claim_in_query(std::string_view target);

}  // namespace regpass::forward
