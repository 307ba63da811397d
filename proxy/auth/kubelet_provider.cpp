#include "auth/kubelet_provider.hpp"

#include "auth/credential_flaws.hpp"
#include "auth/docker_helper.hpp"
#include "auth/json_text.hpp"
#include "regpass/base/secret_mask.hpp"
#include "regpass/base/text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace regpass::auth {
namespace {

namespace json = boost::json;

constexpr std::string_view version = "credentialprovider.kubelet.k8s.io/v1";

program_says unusable(const std::string& name, std::string_view what) {
  program_says made;
  made.problem = fmt::format("{} {}", name, what);
  return made;
}

std::optional<program_says::scope> scope_of(std::string_view text) {
  if (text == "Image") return program_says::scope::image;
  if (text == "Registry") return program_says::scope::registry;
  if (text == "Global") return program_says::scope::global;
  return std::nullopt;
}

// Of several keys that match, the longest one, as the kubelet's keyring does.
const json::key_value_pair* entry_for(const json::object& entries, std::string_view image) {
  const json::key_value_pair* best = nullptr;
  for (const auto& one : entries) {
    if (is_for_image(one.key(), image) && (best == nullptr || one.key().size() > best->key().size())) best = &one;
  }
  return best;
}

// Of every password in the answer, whichever of them would be used.
secret_mask mask_of(const json::object& object) {
  secret_mask mask;
  const auto* entries = object.if_contains("auth");
  if (entries == nullptr || !entries->is_object()) return mask;
  for (const auto& one : entries->get_object()) {
    if (const auto* pair = one.value().if_object()) {
      mask.add_login(string_member(*pair, "username"), string_member(*pair, "password"));
    }
  }
  return mask;
}

std::string wrong_kind(const json::object& object) {
  const auto kind = string_member(object, "kind");
  const auto api = string_member(object, "apiVersion");
  if (kind != "CredentialProviderResponse") {
    return fmt::format("answered with the kind {} instead of CredentialProviderResponse", clean(kind, 64));
  }
  if (api != version) return fmt::format("answered in {}, not {}", clean(api, 64), version);
  return {};
}

program_says read_object(const std::string& name, const std::string& image, const json::object& object) {
  if (const auto wrong = wrong_kind(object); !wrong.empty()) return unusable(name, wrong);
  program_says made;
  const auto scope = scope_of(string_member(object, "cacheKeyType"));
  if (!scope) return unusable(name, "answered without a cacheKeyType of Image, Registry or Global");
  made.valid_for = *scope;
  if (const auto life = string_member(object, "cacheDuration"); !life.empty()) {
    made.life = parse_go_duration(life);
    if (!made.life) return unusable(name, fmt::format("answered with the cacheDuration {}", clean(life, 32)));
  }
  const auto* entries = object.if_contains("auth");
  if (entries == nullptr || entries->is_null()) return made;
  if (!entries->is_object()) return unusable(name, "answered with an auth that is no JSON object");
  const auto* found = entry_for(entries->get_object(), image);
  if (found == nullptr) return made;
  const auto* pair = found->value().if_object();
  const auto user = pair == nullptr ? std::string_view() : string_member(*pair, "username");
  const auto value = pair == nullptr ? std::string_view() : string_member(*pair, "password");
  if (user.empty() || value.empty()) {
    return unusable(name, fmt::format("gave no username and password for {}", clean(found->key(), 128)));
  }
  for (const auto& flaw : {username_flaw(user), password_flaw(value)}) {
    if (!flaw.empty()) return unusable(name, fmt::format("for {}: {}", clean(found->key(), 128), flaw));
  }
  made.credential = std::make_shared<credential>(credential{.kind = credential_kind::basic,
                                                            .username = std::string(user),
                                                            .value = secret(value),
                                                            .source = name,
                                                            .key = found->key(),
                                                            .generation = next_generation()});
  return made;
}

}  // namespace

program_question kubelet_question(const std::string& image) {
  const json::object request{{"apiVersion", version}, {"kind", "CredentialProviderRequest"}, {"image", image}};
  return {.arguments = {}, .input = json::serialize(request), .asked_for = image};
}

program_says read_kubelet_provider(const std::string& name, const std::string& image, const program_output& got) {
  if (got.status != 0) return failure_of(name, got);
  const auto parsed = parse_json(got.output);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) {
    program_says refused;
    refused.problem = no_object_from(name, got.output);
    return refused;
  }
  auto says = read_object(name, image, *object);
  if (!says.problem.empty()) says.problem = mask_of(*object).apply(mask_recognisable(says.problem));
  return says;
}

}  // namespace regpass::auth
