// Registry hosts, as written in image names and credential files, in canonical form.
//
// The module: the names, operations, scopes and error bodies of the distribution API, without any I/O.
#pragma once

#include "regpass/base/error.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace regpass::registry {

// A registry's identity, to which credentials, policy and scopes are bound. Docker Hub's names (docker.io,
// index.docker.io, registry-1.docker.io, registry.hub.docker.com) are one host, "docker.io".
struct host {
  std::string name;  // lower case, no trailing dot, IDN in its ASCII form, IPv6 without brackets
  std::uint16_t port = 443;

  auto operator<=>(const host&) const = default;
};

// "harbor.example.com", "registry.test:5443", "[::1]:5000"; a port of 443 is the same as none. No scheme, no path.
result<host> parse_host(std::string_view text);
host make_host(std::string_view canonical_name, std::uint16_t port);

// As in image names: the port only if it is not 443.
std::string to_text(const host&);

// Where the host's API answers: registry-1.docker.io for docker.io, itself otherwise.
std::string api_name(const host&);

bool is_docker_hub(const host&) noexcept;

// The registrable domain ("example.co.uk"), by the Public Suffix List; for messages that distinguish look-alikes
// from related hosts.
std::string registrable_domain(std::string_view name);

// Whether anybody can register names below it ("com", "co.uk"), according to the list's section of ICANN domains. A
// suffix that is not in the list ("test", "internal") is considered private.
bool is_public_suffix(std::string_view name);

}  // namespace regpass::registry
