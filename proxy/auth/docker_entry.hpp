// One entry of a docker config's "auths": its key to a host, its members to a credential.
#pragma once

#include "regpass/auth/credential.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace regpass::auth {

// Has the value members that only such an entry has? (A .dockercfg is known by its entries alone.)
bool looks_like_docker_entry(const boost::json::value&) noexcept;

// An entry that has nothing but its key, or the problem with that.
credential_entry docker_entry_for(std::string_view key, const std::string& source);
// Never fails: what cannot be used says so in `problem`.
credential_entry read_docker_entry(std::string_view key, const boost::json::value&, const std::string& source);

}  // namespace regpass::auth
