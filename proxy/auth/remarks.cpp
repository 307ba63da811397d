#include "regpass/auth/remarks.hpp"

#include "auth/json_text.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace regpass::auth {
namespace {

using remarks = std::vector<std::string>;

std::string date_text(std::int64_t seconds) {
  return rfc3339(wall_time(std::chrono::seconds(seconds)));
}

bool is_ecr(const registry::host& host) {
  return host.name.find(".dkr.ecr") != std::string::npos || host.name == "public.ecr.aws";
}

// The password of get-login-password is base64 of a JSON object that names its end (observed, not documented).
std::optional<std::int64_t> ecr_expiry(std::string_view password) {
  std::string text;
  if (decode_base64(password, text)) return std::nullopt;
  const auto parsed = parse_json(text);
  wipe(text);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* ends = object == nullptr ? nullptr : object->if_contains("expiration");
  if (ends == nullptr || !ends->is_number()) return std::nullopt;
  return static_cast<std::int64_t>(ends->to_number<double>());
}

void look_at_ecr(const credential& one, remarks& into) {
  const auto password = one.value.expose();
  if (password.starts_with("QVdTO")) {  // base64 of "AWS:"
    into.emplace_back("the password is an authorizationToken of ECR that was not decoded");
  } else if (const auto ends = ecr_expiry(password)) {
    into.push_back(fmt::format("the ECR password expires at {}", date_text(*ends)));
  }
}

bool is_key(std::string_view text) {
  const auto parsed = parse_json(text);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  return object != nullptr && string_member(*object, "type") == "service_account";
}

void look_at_google(const credential& one, remarks& into) {
  const auto password = one.value.expose();
  bool good = true;
  if (one.username == "oauth2accesstoken") {
    into.emplace_back("the password is a Google access token, which lives for an hour");
  } else if (one.username == "_json_key") {
    good = is_key(password);
  } else if (one.username == "_json_key_base64") {
    std::string text;
    good = !decode_base64(password, text) && is_key(text);
    wipe(text);
  }
  if (!good)
    into.push_back(fmt::format("the password is no service account key of the form that {} promises", one.username));
}

// `az acr login --expose-token`.
void look_at_azure(const credential& one, const registry::host& host, remarks& into) {
  const auto said = read_claims(one.value.expose());
  if (!said) return;
  if (said->expires_at) into.push_back(fmt::format("the refresh token expires at {}", date_text(*said->expires_at)));
  const auto& whom = said->audience;
  const bool ours = whom.empty() || std::ranges::find(whom, host.name) != whom.end();
  if (!ours) into.push_back(fmt::format("the refresh token is for {}", clean(whom.front(), 128)));
}

void look_at_token(const credential& one, remarks& into) {
  const auto said = read_claims(one.value.expose());
  if (said && said->expires_at) {
    into.push_back(fmt::format("the registrytoken expires at {}", date_text(*said->expires_at)));
  }
}

}  // namespace

remarks remarks_on(const credential& one, const registry::host& host) {
  remarks found;
  if (one.kind == credential_kind::bearer) {
    look_at_token(one, found);
    return found;
  }
  if (one.username == "AWS" && is_ecr(host)) look_at_ecr(one, found);
  if (host.name.ends_with("gcr.io") || host.name.ends_with("pkg.dev")) look_at_google(one, found);
  if (one.username.starts_with("00000000-0000-0000")) look_at_azure(one, host, found);
  if (one.username == "gitlab-ci-token") {
    found.emplace_back("the password is a GitLab job token, which ends with its job");
  }
  return found;
}

}  // namespace regpass::auth
