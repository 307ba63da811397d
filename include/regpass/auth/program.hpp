// The two protocols of programs that have credentials, as text: docker-credential-helpers (its README, "Development";
// docker/cli cli/config/credentials/native_store.go) and the kubelet's CredentialProvider API
// (credentialprovider.kubelet.k8s.io/v1; kubernetes pkg/credentialprovider/plugin). Running them is for others.
#pragma once

#include "regpass/auth/credential.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::auth {

// "harbor.example.com/team-a/app"; without a repository just the host.
std::string image_of(const registry::host&, std::string_view repository);

// matchImages: host, port and path. Each label of the host may have '*' for any run of characters, and there must be
// as many labels; the port must be the same; the path must be the image's or one above it. (The kubelet takes a path
// for any beginning of text, so that "/a" matches "/ab"; here it ends at a '/'.)
bool is_for_image(std::string_view pattern, std::string_view image);

// The host that a pattern writes out; none if it has a '*'.
std::optional<registry::host> host_of(std::string_view pattern);

// What is written to the program's standard input, and its arguments behind the command.
struct program_question {
  std::vector<std::string> arguments;
  std::string input;
  std::string asked_for;  // for logs: the server or image
};
program_question question_for(const credential_program&, const registry::host&, std::string_view repository);

// How a program ended and what it wrote.
struct program_output {
  int status = 0;  // exit code, or 128 + signal
  std::string output;
  std::string errors;
};

struct program_says {
  // For what the credential may be used again without asking.
  enum class scope : std::uint8_t { image, registry, global };

  credential_ptr credential;  // null: `problem` says why; when that is empty too, the program has none
  std::string problem;        // in our own words: clients read it, and what a program prints is not for them
  std::string printed{};  // by a program that failed, with secrets masked as far as they can be recognised; for the log
  std::string remark{};   // on the credential: "the ECR password expires at …"
  std::optional<std::chrono::seconds> life;  // as the program says
  scope valid_for = scope::registry;
};
// `output.output` may hold a secret and is wiped.
program_says read_answer(const credential_program&, const registry::host&, std::string_view repository,
                         program_output& output);

// "1h30m", "12h0m0s", "300ms", "0": Go's durations, rounded down to seconds.
std::optional<std::chrono::seconds> parse_go_duration(std::string_view text);

}  // namespace regpass::auth
