// What a final response says for the evidence, and for later requests.
#pragma once

#include "forward/exchange/exchange_runner.hpp"
#include "forward/exchange/upstream_call.hpp"
#include "regpass/registry/operation.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace regpass::forward {

// A manifest that was refused is examined up to this size; most are far smaller.
inline constexpr std::size_t examined_manifest_cap = 64 * 1024;
// How much of a refusal's body is read for the explanation before the client gets it.
inline constexpr std::size_t refusal_body_cap = 64 * 1024;

// The content of a blob, in either direction.
bool moves_blob(const registry::operation& operation, std::string_view method, bool has_body);
bool pushes_manifest(const registry::operation& operation, std::string_view method);

// Whether the Location leads to another registry that regpass serves, where the client gets a credential again.
bool leads_to_served_registry(const http::response_head& head, const snapshot& configuration);

// Evidence about pushes; it costs nothing if they are accepted.
void note_push(services& shared, const registry::operation& operation, const http::request_head& asked,
               const http::response_head& head, const upstream_call& call, recorder& notes);

// Where the upload goes on, so that its next request is recognised.
void remember_upload(registry_hints& hints, const exchange_request& request, const registry::operation& operation,
                     const http::request_head& asked, const http::response_head& head);

// A refusal's body without its coding; nothing if it is too large or cannot be decoded.
std::optional<std::string> readable_body(const http::fields& head, std::string_view body, bool whole);

}  // namespace regpass::forward
