#include "auth/docker_helper.hpp"

#include "auth/credential_flaws.hpp"
#include "auth/json_text.hpp"
#include "regpass/base/secret_mask.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/text_file.hpp"

#include <fmt/format.h>

namespace regpass::auth {
namespace {

// credentials/error.go of docker-credential-helpers: known by its text only.
constexpr std::string_view not_found = "credentials not found in native keychain";
constexpr std::size_t longest_words = 200;

// docker/cli asks for Docker Hub by its legacy URL, for others by the host as it stands in image names.
std::string server_of(const registry::host& host) {
  return registry::is_docker_hub(host) ? "https://index.docker.io/v1/" : registry::to_text(host);
}

program_says unusable(std::string problem) {
  program_says made;
  made.problem = std::move(problem);
  return made;
}

std::string flaw_of(std::string_view user, std::string_view value) {
  if (user == "<token>") return token_flaw(value, "the identity token");
  auto flaw = username_flaw(user);
  return flaw.empty() ? password_flaw(value) : flaw;
}

// The host of "https://index.docker.io/v1/", "harbor.example.com" and the like.
std::string_view host_in(std::string_view url) noexcept {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

bool is_of(std::string_view url, const registry::host& host) {
  if (url.empty()) return true;  // allowed by the protocol's own clients, which do not look at it
  const auto named = registry::parse_host(host_in(url));
  return named && *named == host;
}

credential_ptr make(const std::string& name, const std::string& server, std::string_view user, std::string_view value) {
  // docker-credential-helpers: the user name that says "the secret is an identity token".
  const bool identity = user == "<token>";
  return std::make_shared<credential>(
      credential{.kind = identity ? credential_kind::identity_token : credential_kind::basic,
                 .username = identity ? std::string() : std::string(user),
                 .value = secret(value),
                 .source = name,
                 .key = server,
                 .generation = next_generation()});
}

}  // namespace

program_question docker_helper_question(const registry::host& host) {
  const auto server = server_of(host);
  return {.arguments = {"get"}, .input = server, .asked_for = server};
}

program_says failure_of(const std::string& name, const program_output& got) {
  const auto said = trim(got.output);
  const bool harmless = said.find_first_of("{}\"") == std::string_view::npos && said.size() <= 2 * longest_words;
  std::string words(harmless ? said : std::string_view());
  const auto errors = trim(got.errors);
  if (!words.empty() && !errors.empty()) words += "; ";
  words += errors;
  const auto how = got.status > 128 ? fmt::format("was ended by signal {}", got.status - 128)
                                    : fmt::format("ended with status {}", got.status);
  auto made = unusable(fmt::format("{} {}{}", name, how, words.empty() ? "" : "; the log of regpass has its output"));
  made.printed = clean(mask_printed(words), longest_words);
  return made;
}

std::string no_object_from(const std::string& name, std::string_view output) {
  if (const auto wide = wide_encoding_of(output)) return fmt::format("{} answered in {} instead of UTF-8", name, *wide);
  return fmt::format("{} answered with something that is no JSON object", name);
}

program_says read_docker_helper(const std::string& name, const registry::host& host, const program_output& got) {
  const auto server = server_of(host);
  const bool absent = got.output.contains(not_found) || got.errors.contains(not_found);
  if (got.status != 0) return absent ? unusable({}) : failure_of(name, got);
  const auto parsed = parse_json(got.output);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) return unusable(no_object_from(name, got.output));
  const auto url = string_member(*object, "ServerURL");
  const auto user = string_member(*object, "Username");
  const auto value = string_member(*object, "Secret");
  if (!is_of(url, host)) {
    secret_mask mask;
    mask.add_login(user, value);
    const auto shown = clean(mask_recognisable(mask.apply(url)), 128);
    return unusable(fmt::format("{} was asked for {} and answered for {}", name, server, shown));
  }
  if (user.empty() && value.empty()) return unusable({});  // docker-credential-pass 0.6: it has none
  if (value.empty()) return unusable(fmt::format("{} gave no Secret", name));
  if (user.empty()) return unusable(fmt::format("{} gave no Username", name));
  if (const auto flaw = flaw_of(user, value); !flaw.empty()) return unusable(fmt::format("{}: {}", name, flaw));
  program_says made;
  made.credential = make(name, server, user, value);
  return made;
}

}  // namespace regpass::auth
