// A registry credential: what it is, where it came from, which generation. Its value is a `secret`.
#pragma once

#include "regpass/base/secret.hpp"
#include "regpass/base/secret_mask.hpp"
#include "regpass/registry/host.hpp"
#include "regpass/registry/operation.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace regpass::auth {

enum class credential_kind : std::uint8_t {
  basic,           // user name and password: Basic to the registry or the token endpoint, or a password grant
  identity_token,  // refresh token: POST grant_type=refresh_token to the token endpoint, or Basic as a password
  bearer           // ready-made token: sent to the registry as it is
};
std::string_view name_of(credential_kind) noexcept;

struct credential {
  credential_kind kind = credential_kind::basic;
  std::string username;
  secret value;
  std::string source;            // path of the file, or name of the program: "docker-credential-pass"
  std::string key;               // key inside the file, as written, or what the program was asked for
  std::uint64_t generation = 0;  // unique in the process; another value is another generation
};
using credential_ptr = std::shared_ptr<const credential>;

// The Authorization value: "Basic …" or "Bearer …". An identity token is sent as the password of its user, or of
// "<token>", the name by which docker-credential-helpers mark one.
secret authorization_of(const credential&);
// Its value, and every form in which it is sent.
void add_to(secret_mask&, const credential&);
// It is an identity token, or may be one: its user name is the helpers' mark.
bool may_be_identity_token(const credential&) noexcept;

// A generation that was not used before.
std::uint64_t next_generation() noexcept;

// For which requests to its host an entry is. What is empty limits nothing.
struct range {
  std::string path;                       // of a key "host/team-a/app": this repository and those below it
  std::vector<std::string> repositories;  // patterns, as in a policy
  std::vector<registry::action> actions;
  bool configured = false;  // a [[registry.credential]], which stands above every file of others
};

// A program that has credentials and is asked when one is needed.
struct credential_program {
  enum class protocol : std::uint8_t {
    docker_helper,    // docker-credential-helpers: `docker-credential-NAME get`
    kubelet_provider  // the kubelet's CredentialProvider API
  };
  protocol speaks = protocol::docker_helper;
  std::vector<std::string> command;  // a name without slash is looked up in PATH
  std::vector<std::string> images;   // kubelet_provider: what it is for, as the kubelet's matchImages

  auto operator<=>(const credential_program&) const = default;
};
using program_ptr = std::shared_ptr<const credential_program>;
// "docker-credential-pass": the program without its directory, as logs name it.
std::string name_of(const credential_program&);

// One line of a credential source: for which host, and a credential, or the program that has it, or why there is none.
// With a credential or a program, `problem` is a remark: it is used, but something about it looks wrong.
struct credential_entry {
  registry::host host;        // of a program without a name: it is asked for any
  credential_ptr credential;  // null without a program: unusable, see `problem`
  std::string source;
  std::string key;
  std::string problem;  // "auth is no base64: character '-' at 12 is of the URL-safe alphabet"
  auth::range range{};
  program_ptr program{};
  std::string host_pattern{};  // of a key with wildcards: "*.jfrog.io:8443"; then `host` is empty
};

// What the entry is for, as logs name it: a host or a pattern of hosts, "any" for a program that is asked for all of
// them, and nothing for a key that names no registry.
std::string shown_host(const credential_entry&);

// Everything known at one moment. Immutable once built; a reload makes another one.
struct credential_store {
  std::vector<credential_entry> entries;  // in order of precedence
  std::vector<std::string> sources;       // what was read, sources without an entry included
};

// Gives entries of `fresh` that are unchanged (source, key, kind, user, value) their old credential, so that tokens
// stay valid for them.
void carry_over(const credential_store& old, credential_store& fresh);
// Generations in `old` that `fresh` no longer has: their tokens must go.
std::vector<std::uint64_t> retired(const credential_store& old, const credential_store& fresh);

}  // namespace regpass::auth
