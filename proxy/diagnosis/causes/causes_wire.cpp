// Redirects, mirrors and the storage behind a registry; and what is worth saying of exchanges that succeed.
#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/wording.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/origin.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace regpass::diagnosis {
namespace {

judgement judge_redirect(const facts& f) {
  const auto& e = *f.seen;
  return observed_if(is_write(f) && e.action == registry::action::push &&
                     (e.status == 301 || e.status == 302 || e.status == 303));
}

namespace plain_http_to_tls {

judgement judge(const facts& f) {
  const int status = f.seen->status;
  const bool clients_fault = status == 400 || status == 407 || status == 421;
  return observed_if(!f.seen->tls_entry.empty() && f.failed && !clients_fault);
}

std::string name_over_tls(const facts& f) {
  const auto host = words::host(f);
  return host.ends_with(":80") ? host.substr(0, host.size() - 3) : host;
}

std::string summary(const facts& f) {
  return fmt::format(
      "the client sent a plain HTTP request to {}, but the credential for {} is for https: regpass sends it only over "
      "TLS",
      words::host(f), name_over_tls(f));
}

std::vector<std::string> fix(const facts& f) {
  const auto host = name_over_tls(f);
  const auto where = f.seen->tls_entry == entry_kind::registry
                         ? fmt::format("in the [[registry]] of {}", host)
                         : fmt::format("in a [[registry]] with host = \"{}\"", host);
  return {fmt::format("Let the client use https for {}", host),
          fmt::format("Or write upgrade_plain_http = true {}: regpass then uses TLS", where)};
}

}  // namespace plain_http_to_tls

namespace registry_moved {

judgement judge(const facts& f) {
  return observed_if(!f.moved_to.empty());
}

std::string summary(const facts& f) {
  const auto& a = *f.last_answer;
  const auto entry = a.location_served ? "which regpass is configured for" : "which has no entry";
  return fmt::format("{} has moved to {}, {}: it answered {} with a redirect ({})", words::host(f),
                     words::shortened(f.moved_to, 48), entry, words::activity(f), a.status);
}

std::vector<std::string> fix(const facts& f) {
  const auto image = f.seen->repository.empty() ? f.moved_to : f.moved_to + "/" + f.seen->repository;
  std::vector<std::string> steps{fmt::format("Use the new address in the image name: {}", image)};
  if (f.last_answer->location_served) return steps;
  if (!f.seen->source.empty())
    steps.push_back("Following the redirect is not enough: " + words::holder(f) + " is not sent there");
  const auto file = f.seen->source.empty() ? std::string("the credential file") : f.seen->source;
  steps.push_back(fmt::format("Add a credential for {}: an entry \"{}\" in {}, or a [[registry]] with host = \"{}\"",
                              f.moved_to, f.moved_to, file, f.moved_to));
  return steps;
}

}  // namespace registry_moved

judgement judge_two(const facts& f) {
  const bool refused = registry_status(f) == 400 || registry_status(f) == 403;
  return observed_if(refused && f.sent_authorization != authorization_kind::none &&
                     says(f, {"only one auth mechanism allowed"}));
}

bool speaks_as_storage(const facts& f) {
  return says(f, {"accessdenied", "signaturedoesnotmatch", "authorizationfailure", "invalidaccesskeyid"});
}

judgement judge_storage(const facts& f) {
  const bool upload = f.seen->path.find("/blobs/uploads/") != std::string::npos;
  const bool write = (f.seen->method == "PATCH" || f.seen->method == "PUT") && upload;
  if (registry_status(f) != 403 || !write) return ruled_out;
  if (speaks_as_storage(f)) return certainty::likely;
  return likely_if(words::refusal(f).empty() && f.last_answer->challenges.empty() && !between_answered(f) &&
                   !granted_too_little(f));
}

// containerd, BuildKit and docker name the registry that is mirrored by ?ns=. With a [[mirror]] of ours it says where
// the request goes.
judgement judge_mirror(const facts& f) {
  const std::string_view path = f.seen->path;
  const auto at = path.find("ns=");
  const bool is_named = at != std::string_view::npos && at > 0 && (path[at - 1] == '?' || path[at - 1] == '&');
  if (!is_named || f.seen->mode == client_mode::mirror) return ruled_out;
  const auto named = path.substr(at + 3, path.find('&', at) - at - 3);
  return likely_if(named != f.seen->registry && f.seen->action == registry::action::pull && access_denied(f));
}

// --- successes

std::optional<http::absolute_url> location_of(const facts& f) {
  const auto* a = f.last_answer;
  const bool upload =
      a != nullptr && f.seen->action == registry::action::push && (a->status == 201 || a->status == 202);
  if (!upload || a->location.find("://") == std::string::npos) return std::nullopt;
  auto url = http::parse_absolute(a->location);
  if (!url) return std::nullopt;
  return std::move(*url);
}

bool is_own_host(const facts& f, const http::absolute_url& url) {
  const auto named = registry::parse_host(http::authority(url.origin));
  const auto own = registry::parse_host(f.seen->registry);
  return named && own && named->name == own->name;
}

bool leads_elsewhere(const facts& f) {
  const auto url = location_of(f);
  return url && !is_own_host(f, *url);
}

bool is_downgraded(const facts& f) {
  const auto url = location_of(f);
  return url && is_own_host(f, *url) && url->origin.scheme == "http";
}

bool source_not_granted(const facts& f) {
  return f.mount != nullptr && f.mount->why.find("token does not allow") != std::string::npos;
}

bool mount_refused(const facts& f) {
  return f.mount != nullptr && f.mount->why.find("registry refused") != std::string::npos;
}

std::optional<long> number_in(std::string_view text) {
  long value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} && end != text.data() ? std::optional(value) : std::nullopt;
}

// A tenth is left, or less.
bool is_nearly_used_up(const facts& f) {
  if (f.last_answer == nullptr || f.failed) return false;
  const auto limit = number_in(f.last_answer->rate_limit);
  const auto left = number_in(f.last_answer->rate_remaining);
  return limit && left && *limit > 0 && *left * 10 <= *limit;
}

std::string rate_summary(const facts& f) {
  const auto& a = *f.last_answer;
  const auto whom = a.rate_source.empty() ? words::identity(f) : "as the anonymous address " + a.rate_source;
  return fmt::format("{}: {} of {} pulls are left, counted {}", words::host(f), *number_in(a.rate_remaining),
                     *number_in(a.rate_limit), whom);
}

// It arrives now and will be over before a longer upload is.
bool is_short_lived(const facts& f) {
  constexpr std::int64_t short_life = 30;
  return f.token_answer != nullptr && f.token_answer->failure.empty() && f.token_answer->expires_in_s < short_life;
}

constexpr std::array failing{
    cause{.name = "plain-http-to-tls-registry",
          .title = "The client uses plain HTTP for a registry that is configured for TLS",
          .general = "policy-refused address-refused no-credential denied-by-registry credential-rejected "
                     "request-refused not-a-registry upstream-connect upstream-timeout",
          .judge = plain_http_to_tls::judge,
          .summary = plain_http_to_tls::summary,
          .fix = plain_http_to_tls::fix,
          .fix_text = "Let the client use https\nOr write upgrade_plain_http = true in the registry's [[registry]]",
          .doc = {.seen = "A request for http://REGISTRY/… came to the proxy, and regpass has an entry for the same "
                          "registry over TLS.",
                  .why = "The client is configured for an insecure registry (http = true, --plain-http). Credentials "
                         "are sent only over TLS, so the request was treated like one to a host without an entry.",
                  .apart = "With upgrade_plain_http, the same request succeeds over TLS.",
                  .look_alikes = "address-refused no-credential upstream-plain-http"}},
    cause{
        .name = "registry-moved",
        .title = "The registry has moved to another host",
        .general = "redirect-on-write",
        .judge = registry_moved::judge,
        .summary = registry_moved::summary,
        .fix = registry_moved::fix,
        .fix_text =
            "Use the registry's new address in the image name\nAdd a credential for the new host, or a [[registry]]",
        .doc = {.seen = "3xx to a ping, manifest or upload, with a Location on another host that serves the same API.",
                .why = "The registry was renamed or migrated. Clients follow the redirect, but regpass sends a "
                       "credential only to the host that it was configured for.",
                .apart = "A redirect of a blob to storage or a CDN is normal and is not reported.",
                .look_alikes = "redirect-on-write no-credential upload-leads-elsewhere"}},
    cause{
        .name = "redirect-on-write",
        .title = "A redirect turns the push into a GET",
        .judge = judge_redirect,
        .summary_text = "{host} answered {activity} with a redirect ({status}) that clients follow with GET, so the "
                        "data is not written",
        .fix_text = "Use the registry's final https address in the image name\n"
                    "Configure the load balancer to answer 308 instead of 301 or 302",
        .doc = {.seen = "3xx to a POST, then a GET to the same path that gets 404 or 405, or 401 because the token was "
                        "not sent.",
                .why =
                    "301 and 302 allow clients to change the method, and Go drops Authorization when the host changes.",
                .apart = "The log shows the sequence: 3xx to a POST, then a GET.",
                .look_alikes = "registry-read-only upload-leads-elsewhere"}},
    cause{.name = "storage-two-credentials",
          .title = "A pre-signed storage URL was sent a second credential",
          .general = "request-refused denied-by-registry",
          .judge = judge_two,
          .summary_text = "the storage behind {host} refused {activity}: its URL is already signed, but the client "
                          "also sent Authorization",
          .fix_text =
              "Configure the client to send Authorization only to the registry, not to the target of a blob redirect\n"
              "regpass adds no credential there; if this host has a [[registry]] entry, remove it",
          .doc = {.seen = "400 with XML from AmazonS3: Only one auth mechanism allowed. Manifests work, layers do not.",
                  .why = "A client or a proxy adds the header to every request, including redirect targets.",
                  .apart = "The URL contains X-Amz-Signature or sig=.",
                  .look_alikes = "registry-storage-refuses"}},
    cause{.name = "registry-storage-refuses",
          .title = "The registry's storage backend refused the request",
          .general = "denied-by-registry granted-less credential-rejected",
          .judge = judge_storage,
          .summary_text = "{host} refused {activity} while data was being written, in the way that its storage backend "
                          "does: {status}, {said}",
          .fix_text = "The operator of {host} must check its storage: bucket policy, HEAD and List permissions, and "
                      "the clock; the client's credential is not involved",
          .doc = {.seen = "PATCH or PUT of an upload gets 403 with an empty body, or XML AccessDenied, "
                          "SignatureDoesNotMatch; login and manifests work.",
                  .why = "The registry lacks permissions on its bucket, or its clock is wrong.",
                  .apart = "The 403 has no registry error body and follows a POST that got 202.",
                  .look_alikes = "denied-by-registry storage-two-credentials"}},
    cause{.name = "mirror-refused",
          .title = "A mirror refused the request, not the registry",
          .general = "denied-by-registry credential-rejected no-credential granted-less head-refused-without-reason",
          .judge = judge_mirror,
          .summary_text = "{host}, a mirror of another registry, refused {activity} {identity}: {status}, {said}",
          .fix_text =
              "Add a credential for the mirror {host}, or fix the mirror\n"
              "Check the order of mirrors in the client's configuration: clients do not always report the first status",
          .doc =
              {.seen =
                   "HEAD https://MIRROR/v2/...?ns=docker.io gets 401 or 403, and the registry itself is not contacted.",
               .why = "The mirror is misconfigured or lacks permissions; clients do not fall back on every status.",
               .apart = "Check the host of the reported URL.",
               .look_alikes = "denied-by-registry upstream-proxy"}},
};

constexpr std::array noticed{
    cause{.name = "mount-source-not-granted",
          .title = "A blob mount became an upload: no permission to pull from its source",
          .notice = source_not_granted,
          .summary_text = "{host}: the blob mount for {activity} became an upload, because the token has no permission "
                          "to pull from its source",
          .fix_text = "Nothing needs to be done. To avoid the upload: grant {user} pull on the source repository",
          .doc = {.seen = "POST ...?mount=...&from=A gets 401 insufficient_scope; a plain POST is 202.",
                  .why = "Builders remember where they saw a layer, but per-job credentials cannot read that "
                         "repository. Before BuildKit 0.23 and containerd 2.1, the push failed at this point.",
                  .apart = "The request has from=, and the permission is missing for the source, not for the target.",
                  .look_alikes = "mount-refused granted-less"}},
    cause{.name = "mount-refused",
          .title = "A blob mount became an upload: the registry refused the mount",
          .notice = mount_refused,
          .summary_text =
              "{host}: the blob mount for {activity} became an upload, because the registry refused the mount",
          .fix_text = "Nothing needs to be done. To avoid the attempt: mount = \"upload\" for this registry",
          .doc = {.seen = "POST ...?mount=...&from=A gets 403; without the mount it gets 202.",
                  .why = "containerd falls back to an upload on 401, but not on 403; regpass repeats the request "
                         "without the mount.",
                  .apart = "A 403 to a request without from= is a genuine denial.",
                  .look_alikes = "mount-source-not-granted denied-by-registry"}},
    cause{.name = "upload-leads-elsewhere",
          .title = "The upload is redirected to another host",
          .notice = leads_elsewhere,
          .summary_text = "{host} directs the data of {activity} to another host, to which regpass does not send the "
                          "credential of {host}",
          .fix_text = "The operator of {host} must configure the reverse proxy to send X-Forwarded-Proto and Host, or "
                      "set http.host or http.relativeurls",
          .doc = {.seen = "202 with a Location of another host or port; the PATCH there gets 401, 404 or no "
                          "connection. containerd reports: upload changed destination, authorizer removed.",
                  .why = "A reverse proxy terminates TLS and does not forward the registry's public name.",
                  .apart = "Scheme, host or port of Location differ from the request's.",
                  .look_alikes = "redirect-on-write upload-location-downgraded"}},
    cause{.name = "upload-location-downgraded",
          .title = "The registry uses http:// in its own Location",
          .notice = is_downgraded,
          .summary_text = "{host} returned a plain HTTP address of itself for {activity}; regpass corrects it",
          .fix_text = "The operator of {host} should configure the reverse proxy to send X-Forwarded-Proto: https",
          .doc = {.seen = "202 with Location: http:// of the same host; clients without regpass drop the credential.",
                  .why = "A reverse proxy terminates TLS and does not send X-Forwarded-Proto.",
                  .apart = "Only the scheme differs, or the scheme and the port.",
                  .look_alikes = "upload-leads-elsewhere"}},
    cause{.name = "rate-limit-near",
          .title = "The rate limit is almost exhausted",
          .notice = is_nearly_used_up,
          .summary = rate_summary,
          .fix_text = "Use a credential, or one of a paid account; a mirror or cache can serve repeated pulls\n"
                      "If an address is counted although a credential is mounted, the credential was not used",
          .doc = {.seen = "ratelimit-remaining is a tenth of ratelimit-limit or less.",
                  .why = "Pulls are counted per user, or per address if they are anonymous (docker-ratelimit-source).",
                  .apart = "Further pulls will get 429.",
                  .look_alikes = "hub-pull-limit"}},
    cause{.name = "token-short-lived",
          .title = "The token is valid only for seconds",
          .notice = is_short_lived,
          .summary_text = "{host}: the token for {activity} {identity} is valid for less than 30 s, so it may expire "
                          "during a longer upload",
          .fix_text = "Configure {token-server} to issue tokens with a longer lifetime; 5 minutes are common",
          .doc = {.seen = "expires_in, or exp, is a few seconds ahead.",
                  .why = "This is a setting of the token server, or the underlying credential is about to expire.",
                  .apart = "A request that has started cannot get another token.",
                  .look_alikes = "token-expired"}},
};

}  // namespace

std::span<const cause> wire_causes() noexcept {
  return failing;
}

std::span<const cause> notice_causes() noexcept {
  return noticed;
}

}  // namespace regpass::diagnosis
