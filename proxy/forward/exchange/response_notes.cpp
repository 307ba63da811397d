#include "forward/exchange/response_notes.hpp"

#include "regpass/base/text.hpp"
#include "regpass/http/content_coding.hpp"
#include "regpass/registry/manifest.hpp"

#include <cstdint>

namespace regpass::forward {

bool moves_blob(const registry::operation& operation, std::string_view method, bool has_body) {
  if (operation.endpoint == registry::endpoint::upload) return has_body;
  return operation.endpoint == registry::endpoint::blob && method == "GET";
}

bool pushes_manifest(const registry::operation& operation, std::string_view method) {
  return operation.endpoint == registry::endpoint::manifest && method == "PUT";
}

bool leads_to_served_registry(const http::response_head& head, const snapshot& configuration) {
  const auto location = head.status / 100 == 3 ? head.headers.get("Location") : std::nullopt;
  if (!location) return false;
  const auto there = http::parse_absolute(*location);
  return there && configuration.find(registry::make_host(there->origin.host, there->origin.port)) != nullptr;
}

void note_push(services& shared, const registry::operation& operation, const http::request_head& asked,
               const http::response_head& head, const upstream_call& call, recorder& notes) {
  if (operation.action != registry::action::push) return;
  auto& seen = notes.seen();
  const bool blob = operation.endpoint == registry::endpoint::upload && asked.method == "PUT";
  if (blob && head.status / 100 == 2) shared.stores.pushes.record(seen.registry, seen.repository, now().steady);
  if (!pushes_manifest(operation, asked.method) || head.status < 400) return;
  seen.blob_pushed_meanwhile = shared.stores.pushes.pushed_since(seen.registry, seen.repository, notes.began());
  seen.manifest_type = clean(asked.headers.get("Content-Type").value_or(""), 128);
  if (const auto* body = call.kept_request()) {
    seen.manifest_bytes = static_cast<std::int64_t>(body->size());
    seen.manifest_flaw = registry::manifest_flaw(*body, seen.manifest_type);
  } else if (!call.request_has_body()) {
    seen.manifest_bytes = 0;
    seen.manifest_flaw = registry::manifest_flaw({}, seen.manifest_type);
  }
}

// A finished upload leads to a blob, which needs other rights.
void remember_upload(registry_hints& hints, const exchange_request& request, const registry::operation& operation,
                     const http::request_head& asked, const http::response_head& head) {
  const bool of_upload =
      operation.endpoint == registry::endpoint::upload_start || operation.endpoint == registry::endpoint::upload;
  const bool goes_on = head.status < 400 ? head.status != 201 : head.status == 416;
  if (!of_upload || !goes_on) return;
  const auto location = head.headers.get("Location");
  if (!location) return;
  // An upload that goes to another origin gets no credential there, whatever its path.
  const auto target = own_target(request.target.origin, asked.target, *location);
  if (!target) return;
  const auto parsed = registry::parse_operation("PATCH", *target);
  const bool plain = parsed && parsed->repository == operation.repository;
  if (plain && !hints.repository_of(request.target.registry, *target)) return;
  hints.remember_upload(request.target.registry, *target, operation.repository);
}

// What came of a body that was cut off is only quoted in the error that regpass writes.
std::optional<std::string> readable_body(const http::fields& head, std::string_view body, bool whole) {
  constexpr std::size_t decoded_cap = 4 * refusal_body_cap;
  if (!whole && body.size() >= refusal_body_cap) return std::nullopt;
  auto text = http::decode_content(head, body, decoded_cap);
  if (whole) return text;
  constexpr std::size_t longest_escape = 4;  // "\x00"
  return text ? clean(*text, text->size() * longest_escape) : std::string();
}

}  // namespace regpass::forward
