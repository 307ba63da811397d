#include "regpass/registry/error_body.hpp"

#include "regpass/base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace regpass::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t most_errors = 16;
constexpr std::size_t longest_line = 256;

std::optional<json::object> parse_object(std::string_view body) {
  json::parse_options lenient;
  lenient.allow_invalid_utf8 = true;  // clients read it, too, and all texts are cleaned
  lenient.max_depth = deepest_body;
  boost::system::error_code ec;
  auto value = json::parse(body, ec, {}, lenient);
  if (ec || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text_of(const json::object& from, std::string_view name) {
  const auto* member = from.if_contains(name);
  const auto* text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? clean(*text) : std::string();
}

// The text between the tags; sufficient for the flat documents of S3, GCS and Azure.
std::string_view element(std::string_view xml, std::string_view name) {
  const auto opening = "<" + std::string(name) + ">";
  const auto from = xml.find(opening);
  if (from == std::string_view::npos) return {};
  const auto rest = xml.substr(from + opening.size());
  const auto end = rest.find('<');
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

std::string text_of_xml(std::string_view body) {
  if (body.find("<Error>") == std::string_view::npos) return {};
  const auto code = element(body, "Code");
  const auto message = element(body, "Message");
  return clean(std::string(code) + (code.empty() || message.empty() ? "" : ": ") + std::string(message));
}

// Of an HTML page only the title is used: "403 Forbidden", "Sign in".
std::string text_of_page(std::string_view body) {
  constexpr std::size_t longest_title = 120;
  const auto low = lower(body);
  const auto tag = low.find("<title");
  const auto open = low.find('>', tag);
  const auto close = low.find("</title", open);
  if (tag == std::string::npos || open == std::string::npos || close == std::string::npos) return {};
  std::string title;
  for (const char c : trim(body.substr(open + 1, close - open - 1))) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) title += c;
    if (blank && !title.ends_with(' ')) title += ' ';
  }
  return clean(title, longest_title);
}

std::string text_of_line(std::string_view body) {
  const auto line = trim(body);
  const bool marked = line.empty() || std::string_view("<{[\"").find(line.front()) != std::string_view::npos;
  const bool plain = std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; });
  return marked || !plain || line.size() > longest_line ? std::string() : std::string(line);
}

api_error read_error(const json::object& from) {
  api_error e{text_of(from, "code"), text_of(from, "message"), {}};
  const auto* detail = from.if_contains("detail");
  if (detail != nullptr && !detail->is_null()) e.detail = clean(json::serialize(*detail));
  return e;
}

}  // namespace

std::vector<api_error> parse_errors(std::string_view body) {
  const auto object = parse_object(body);
  const auto* member = object ? object->if_contains("errors") : nullptr;
  const auto* array = member != nullptr ? member->if_array() : nullptr;
  std::vector<api_error> out;
  if (array == nullptr) return out;
  for (const auto& element : *array) {
    if (out.size() == most_errors) break;
    if (!element.is_object()) continue;
    auto e = read_error(element.get_object());
    if (!e.code.empty() || !e.message.empty()) out.push_back(std::move(e));
  }
  return out;
}

std::string parse_message(std::string_view body) {
  static constexpr std::array<std::string_view, 4> members{"details", "error_description", "message", "error"};
  const auto object = parse_object(body);
  if (!object && trim(body).starts_with('<')) {
    auto text = text_of_xml(body);
    return text.empty() ? text_of_page(body) : text;
  }
  if (!object) return text_of_line(body);
  for (const auto name : members) {
    auto text = text_of(*object, name);
    if (!text.empty()) return text;
  }
  return {};
}

// Clients repeat requests after UNKNOWN, TOOMANYREQUESTS and UNAVAILABLE, Docker also after SIZE_INVALID;
// containers/image converts a manifest after MANIFEST_INVALID and TAG_INVALID.
std::string_view code_for(int status) noexcept {
  switch (status) {
    case 401:
      return "UNAUTHORIZED";
    case 402:
    case 403:
    case 407:
    case 451:
      return "DENIED";
    case 404:
    case 410:
      return "NAME_UNKNOWN";
    case 408:
    case 425:
      return "UNKNOWN";
    case 429:
      return "TOOMANYREQUESTS";
    case 501:
    case 505:
    case 508:
      return "UNSUPPORTED";
    case 503:
      return "UNAVAILABLE";
    default:
      return status >= 400 && status < 500 ? "UNSUPPORTED" : "UNKNOWN";
  }
}

}  // namespace regpass::registry
