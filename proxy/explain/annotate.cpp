#include "regpass/explain/annotate.hpp"

#include "explain/brief.hpp"
#include "regpass/base/text.hpp"
#include "regpass/registry/error_body.hpp"

namespace regpass::explain {
namespace {

constexpr std::size_t longest_line = 200;  // what every client prints whole
constexpr std::size_t longest_id = 64;
constexpr std::size_t longest_name = 64;

// Escaping makes text up to four times as long, so it comes before measuring.
std::string ascii(std::string_view text) {
  return ascii_line(text, text.size() * 4);
}

std::string with_id(std::string_view text, std::string_view id, const explanation::names& parts = {}) {
  const auto tail = " [regpass " + ascii_line(id, longest_id) + "]";
  const explanation::names shown{ascii(parts.host), ascii(parts.repository), ascii(parts.activity), ascii(parts.user),
                                 ascii(parts.token_server)};
  return brief(ascii(text), shown, longest_line - tail.size()) + tail;
}

int client_status(int status) noexcept {
  if (status == 401) return 403;
  return status >= 400 && status <= 599 ? status : 502;
}

annotated make(int status, std::string reason, std::string_view message, std::string_view id,
               const http::fields& original) {
  annotated out;
  out.head.status = client_status(status);
  out.head.reason = std::move(reason);
  out.body = registry::write_error(registry::code_for(out.head.status), message);
  for (const auto* name : {"Docker-Distribution-Api-Version", "Retry-After", "Date"}) {
    if (const auto value = original.get(name)) out.head.headers.add(name, *value);
  }
  out.head.headers.add("Content-Type", "application/json");
  out.head.headers.add("Content-Length", std::to_string(out.body.size()));
  out.head.headers.add("X-Regpass-Id", ascii_line(id, longest_id));
  return out;
}

}  // namespace

std::string one_line(const explanation& x, std::string_view id) {
  return with_id(x.summary, id, x.parts);
}

annotated make_error(int status, const explanation& x, std::string_view id, const http::fields& original) {
  const auto line = one_line(x, id);
  auto out = make(status, line, line, id, original);
  out.head.headers.add("X-Regpass-Cause", ascii_line(x.cause, longest_name));
  return out;
}

annotated make_plain_error(int status, std::string_view message, std::string_view id) {
  const auto phrase = http::reason_phrase(client_status(status));
  return make(status, std::string(phrase), with_id(message, id), id, {});
}

}  // namespace regpass::explain
