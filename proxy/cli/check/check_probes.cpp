// The checks beyond reading. None of them changes or removes anything that exists.
#include "cli/check/check_run.hpp"
#include "cli/check/check_text.hpp"
#include "regpass/registry/manifest.hpp"

#include <random>

namespace regpass::cli {

namespace {

// Registries take manifests of up to 4 MiB (OCI distribution specification).
constexpr std::size_t manifest_cap = 4 * 1024 * 1024;

// 256 random bits: no content has this digest.
std::string random_digest() {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t length = 64;
  std::random_device noise;
  std::string made = "sha256:";
  for (std::size_t i = 0; i < length; ++i) made += digits[noise() % digits.size()];
  return made;
}

}  // namespace

void check_run::forgive() {
  result_.works = works_before_;
  result_.steps[request_step_].fine = true;
  result_.exchanges.back().explanation.reset();
}

async::task<void> check_run::try_upload() {
  auto opened = co_await request("POST", path_of("/blobs/uploads/"));
  const int status = opened.head.status;
  if (status != 202) {
    const bool refused = status < 200 || status >= 300;  // the request's own line says so
    if (!refused) tell("  push", "no upload was opened: 202 was due, not " + std::to_string(status), false);
    co_return;
  }
  tell("  push", "allowed: an upload was opened");
  co_await cancel(opened.head);
}

// A courtesy: registries that refuse it let the upload expire.
async::task<void> check_run::cancel(const http::response_head& opened) {
  const auto location = opened.headers.get("Location");
  if (!location) co_return;
  const auto where = http::resolve(http::absolute_url{target_.origin, path_of("/blobs/uploads/")}, *location);
  if (!where || where->origin != target_.origin) co_return;
  const auto steps = result_.steps.size();
  auto cancelled = co_await request("DELETE", where->target);
  forgive();
  result_.steps.resize(steps);
  const auto took = result_.exchanges.back().moved.duration_ms;
  result_.exchanges.pop_back();
  const int status = cancelled.head.status;
  const auto expires = status < 300 ? std::string() : " (" + std::to_string(status) + "): it expires by itself";
  tell("  cancelled", (status < 300 ? "the upload" : "not, that is refused") + expires, true, took);
}

async::task<void> check_run::try_deletion() {
  co_await request("DELETE", path_of("/manifests/" + random_digest()));
  const auto verdict = judge_deletion(result_.exchanges.back().evidence);
  if (verdict.fine) forgive();
  if (!verdict.text.empty()) tell("  delete", verdict.text, verdict.fine);
}

async::task<void> check_run::try_mount() {
  const auto source = *asked_.mount_from;
  auto digest = co_await blob_of(source);
  if (digest.empty()) co_return;
  auto answer = co_await request("POST", path_of("/blobs/uploads/?mount=" + digest + "&from=" + source.repository));
  auto& outcome = result_.exchanges.back();
  const auto verdict = judge_mount(outcome.evidence, source.repository);
  const auto notices = diagnosis::examine(outcome.evidence).notices;
  if (!verdict.fine && !outcome.explanation && !notices.empty()) outcome.explanation = notices.front();
  tell("  mount", verdict.text, verdict.fine);
  if (answer.head.status == 202) co_await cancel(answer.head);
}

// A blob that the source has, by its manifest; empty: told why there is none.
async::task<std::string> check_run::blob_of(const registry::reference& source) {
  auto content = co_await manifest_of(source);
  if (content.empty()) co_return std::string();
  auto parts = registry::parse_manifest(content);
  if (parts && parts->blob.empty()) {
    auto first = source;
    first.digest = parts->manifest;
    content = co_await manifest_of(first);
    if (content.empty()) co_return std::string();
    parts = registry::parse_manifest(content);
  }
  if (parts && !parts->blob.empty()) co_return parts->blob;
  tell("  mount", "no blob is known that " + source.repository + " has: its manifest names none", false);
  co_return std::string();
}

async::task<std::string> check_run::manifest_of(const registry::reference& source) {
  const auto base = "/v2/" + source.repository;
  const auto wanted = source.digest.value_or(source.tag.value_or("latest"));
  auto got = co_await request("GET", base + "/manifests/" + wanted, manifest_cap);
  if (got.head.status == 200) co_return got.content;
  if (got.head.status == 404 && !source.digest && !asked_.mount_tag_written) {
    auto listed = co_await request("GET", base + "/tags/list?n=1", manifest_cap);
    const auto tag = listed.head.status == 200 ? registry::first_tag(listed.content) : std::string();
    if (tag && !tag->empty()) {
      got = co_await request("GET", base + "/manifests/" + *tag, manifest_cap);
      if (got.head.status == 200) co_return got.content;
    }
  }
  tell("  mount", "nothing to mount: " + source.repository + " has no image that can be read; name one as REPO:TAG",
       false);
  co_return std::string();
}

}  // namespace regpass::cli
