#include "regpass/diagnosis/evidence.hpp"

#include "diagnosis/record/json_fields.hpp"
#include "diagnosis/record/step_json.hpp"

namespace regpass::diagnosis {
namespace {

constexpr std::size_t most_steps = 32;
constexpr std::size_t usual_steps = 3;  // a token at hand, sent, answered

}  // namespace

template <class V, maybe_const<auth::considered> S>
void fields(V& v, S& s) {
  v("source", s.source);
  v("key", s.key);
  v("why", s.why);
}

template <class V, maybe_const<evidence> E>
void fields(V& v, E& e) {
  v("id", e.id);
  v("mode", e.mode);
  v("client", e.client);
  v("registry", e.registry);
  v("repository", e.repository);
  v("action", e.action);
  v("method", e.method);
  v("path", e.path);
  v.always("status", e.status);
  v("injection", e.injection);
  v("began_at", e.began_at);
  v("unserved", e.unserved);
  v("entries", e.entries);
  v("tls_entry", e.tls_entry);
  v("ca_file", e.ca_file);
  v("client_cert_file", e.client_cert_file);
  v("way", e.way);
  v.group("credential", [&](auto& group) {
    group("source", e.source);
    group("key", e.key);
    group("username", e.username);
    group("kind", e.credential_kind);
    group("client_username", e.client_username);
    group("missing", e.missing);
    group("others", e.others);
    group("searched", e.searched);
  });
  v.group("manifest", [&](auto& group) {
    group("bytes", e.manifest_bytes);
    group("type", e.manifest_type);
    group("flaw", e.manifest_flaw);
    group("blob_pushed_meanwhile", e.blob_pushed_meanwhile);
  });
  v.group("scope", [&](auto& group) { group("needed", e.needed); });
}

void make_room(evidence& e) {
  if (e.steps.empty()) e.steps.reserve(usual_steps);
  if (e.steps.size() >= most_steps) e.steps.erase(e.steps.begin());
}

json::array handshake_json(const evidence& e) {
  json::array list;
  for (const auto& timed : e.steps) list.push_back(step_to_json(timed));
  return list;
}

json::object to_json(const evidence& e) {
  json::object object;
  field_writer writer(object);
  fields(writer, e);
  if (!e.steps.empty()) object["handshake"] = handshake_json(e);
  return object;
}

result<evidence> from_json(const json::value& from) {
  const auto* object = from.if_object();
  if (object == nullptr) return fail(errc::bad_input, "evidence is no JSON object");
  evidence e;
  field_reader reader(*object);
  fields(reader, e);
  const auto* found = object->if_contains("handshake");
  const auto* list = found == nullptr ? nullptr : found->if_array();
  // A line of the log has a handshake when more happened than a request and its answer, or when it failed.
  const bool is_short = found == nullptr || object->contains("event");
  const bool succeeded = e.status != 0 && (e.status < 400 || found == nullptr);
  e.judged_fine = is_short && succeeded && object->contains("event") && !object->contains("explanation");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    auto timed = step_from_json((*list)[i]);
    if (timed) add(e, timed->at_ms, std::move(timed->step));
  }
  return e;
}

}  // namespace regpass::diagnosis
