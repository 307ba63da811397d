// Docker's credential files as text: config.json, .dockerconfigjson, .dockercfg (legacy, no "auths"), podman's
// auth.json. Forms after docker/cli cli/config/configfile and containers/image pkg/docker/config.
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::auth {

// Entries in file order. One bad entry does not spoil the others: it becomes an entry with a `problem`. A text that is
// no JSON object of this form is bad_input whose detail names `source`, line and column. Keys: host, host:port, a URL
// of it (the paths /v1 and /v2, as in the legacy "https://index.docker.io/v1/", are dropped; other paths are
// repositories, as containers-auth.json(5) has them), and in "auths" patterns of hosts (auth/host_pattern.hpp). A key
// that holds user information is masked. Per entry, in docker's order: `registrytoken` (bearer),
// `identitytoken`, `auth` (base64 of user:password), `username`+`password`. `auth` whose user is "<token>" or
// "00000000-0000-0000-0000-000000000000" stays basic (the registry's convention, not ours), but a user name "<token>"
// marks an identity token (docker-credential-helpers). Problems: auth not base64 (with the place and the likely reason:
// wrapped lines, URL-safe alphabet, missing padding), no colon, empty user or password, JSON instead of user:password,
// empty entry, control characters (auth/credential_flaws.hpp), `auth` and `username`+`password` that differ
// (kept, but said). `credHelpers` and `credsStore` are in `helpers`, which docker puts before `entries`.
struct docker_config {
  std::vector<credential_entry> entries;
  std::vector<credential_entry> helpers;  // each with a program; credsStore's has no host
  bool legacy = false;                    // entries stand at the top, without "auths": .dockercfg
};
result<docker_config> parse_docker_config(std::string_view text, const std::string& source);

}  // namespace regpass::auth
