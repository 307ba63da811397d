#include "diagnosis/present/annotate.hpp"

#include "diagnosis/present/fit_sentence.hpp"
#include "registry/error_note.hpp"
#include "regpass/base/text.hpp"
#include "regpass/http/field_names.hpp"
#include "regpass/http/hop.hpp"
#include "regpass/registry/error_body.hpp"

#include <optional>
#include <utility>

namespace regpass::diagnosis {
namespace {

constexpr std::size_t longest_line = 200;  // what every client prints whole
constexpr std::size_t longest_id = 64;
constexpr std::size_t longest_name = 64;

// Escaping makes text up to four times as long, so it is done before measuring.
std::string ascii(std::string_view text) {
  return ascii_line(text, text.size() * 4);
}

std::string with_id(std::string_view text, std::string_view id, const explanation::names& parts = {}) {
  const auto tail = " [regpass " + ascii_line(id, longest_id) + "]";
  const explanation::names shown{ascii(parts.host), ascii(parts.repository), ascii(parts.activity), ascii(parts.user),
                                 ascii(parts.token_server)};
  return fit_sentence(ascii(text), shown, longest_line - tail.size()) + tail;
}

int client_status(int status) noexcept {
  if (status == 401) return 403;
  return status >= 400 && status <= 599 ? status : 502;
}

// Fields that describe the registry's body, which is replaced.
constexpr http::field_names of_its_body("Content-Length", "Content-Encoding", "Content-MD5", "Content-Digest",
                                        "Repr-Digest", "Digest", "ETag");

bool is_json(std::string_view type) {
  const auto name = lower(trim(type.substr(0, type.find(';'))));
  return name == "application/json" || name == "text/json" || name.ends_with("+json");
}

// The registry's fields that are forwarded to the client.
http::fields end_to_end(const http::fields& from) {
  auto out = from;
  // A registry that declares end-to-end fields as hop-by-hop is ignored.
  if (!http::strip_hop_by_hop(out)) out.erase("Connection");
  out.erase_if([](std::string_view name) { return lower(name).starts_with("x-regpass-"); });
  out.erase("WWW-Authenticate");
  return out;
}

annotated make(int status, std::string reason, std::string_view message, std::string_view id,
               const refused_answer& original) {
  annotated out;
  out.head.status = client_status(status);
  out.head.reason = std::move(reason);
  out.head.headers = end_to_end(original.headers);
  out.head.headers.set("X-Regpass-Id", ascii_line(id, longest_id));
  const auto code = registry::code_for(out.head.status);
  auto body = original.body ? registry::add_sentence(*original.body, message, code) : std::nullopt;
  out.body_as_received = !body;
  if (out.body_as_received) return out;
  out.body = std::move(*body);
  out.head.headers.erase_if([](std::string_view name) { return of_its_body.contains(name); });
  if (!is_json(out.head.headers.get("Content-Type").value_or(""))) {
    out.head.headers.set("Content-Type", "application/json");
  }
  out.head.headers.add("Content-Length", std::to_string(out.body.size()));
  return out;
}

}  // namespace

std::string one_line(const explanation& x, std::string_view id) {
  return with_id(x.summary, id, x.parts);
}

std::string warning_value(const explanation& x, std::string_view id) {
  std::string out = "299 - \"";
  for (const char c : one_line(x, id)) {
    if (c == '\\') out += '\\';
    out += c == '"' ? '\'' : c;
  }
  return out + '"';
}

annotated make_error(int status, const explanation& x, std::string_view id, const refused_answer& original) {
  const auto line = one_line(x, id);
  auto out = make(status, line, line, id, original);
  out.head.headers.add("X-Regpass-Cause", ascii_line(x.cause, longest_name));
  out.head.headers.add("Warning", warning_value(x, id));
  return out;
}

annotated make_plain_error(int status, std::string_view message, std::string_view id, const refused_answer& original) {
  const auto phrase = http::reason_phrase(client_status(status));
  return make(status, std::string(phrase), with_id(message, id), id, original);
}

}  // namespace regpass::diagnosis
