#include "registry/error_note.hpp"

#include "registry/page_text.hpp"
#include "regpass/base/text.hpp"
#include "regpass/registry/error_body.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace regpass::registry {
namespace {

namespace json = boost::json;

struct note {
  std::string_view sentence;
  std::string_view code;

  std::string before(std::string_view words) const {
    std::string out(sentence);
    const bool quoted = sentence.find(std::string(words) + '"') != std::string_view::npos;
    if (!words.empty() && !quoted) (out += ": ") += words;
    return out;
  }
};

std::string words_of(const json::value& from) {
  if (from.is_null()) return {};
  return from.is_string() ? std::string(from.get_string()) : json::serialize(from);
}

json::object new_error(const note& with, std::string_view words) {
  return json::object{{"code", with.code}, {"message", with.before(words)}};
}

// A code that is not a string (some products repeat the status there) does not keep clients from reading the rest.
void complete_code(json::object& error, const note& with) {
  auto* code = error.if_contains("code");
  const bool usable = code != nullptr && code->is_string() && !code->get_string().empty();
  if (usable) return;
  if (code != nullptr && !code->is_null() && !code->is_string()) {
    auto kept = *code;
    error.emplace(error.contains("detail") ? "original_code" : "detail", std::move(kept));
  }
  error["code"] = with.code;
}

void annotate(json::value& error, const note& with) {
  if (!error.is_object()) {
    error = new_error(with, words_of(error));
    return;
  }
  auto& members = error.get_object();
  complete_code(members, with);
  const auto* message = members.if_contains("message");
  const auto words = message != nullptr ? words_of(*message) : std::string();
  members["message"] = with.before(words);
}

// What a client prints of an object without `errors`: one member's text, or the whole object.
std::string words_of_object(const json::object& from) {
  if (from.empty()) return {};
  if (from.size() == 1 && from.begin()->value().is_string()) return std::string(from.begin()->value().get_string());
  return json::serialize(from);
}

json::object annotated(json::object root, const note& with) {
  auto* errors = root.if_contains("errors");
  const bool listed = errors != nullptr && errors->is_array();
  if (listed && !errors->get_array().empty()) {
    annotate(errors->get_array().front(), with);
  } else {
    if (listed) root.erase("errors");
    const auto words = words_of_object(root);
    root["errors"] = json::array{new_error(with, words)};
  }
  // Docker's clients read this member first (Docker Hub's token service has it).
  if (auto* details = root.if_contains("details"); details != nullptr && details->is_string()) {
    const auto words = std::string(details->get_string());
    *details = with.before(words);
  }
  return root;
}

bool is_binary(std::string_view body) {
  return std::ranges::any_of(body, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != '\x1b') || byte == 0x7f;
  });
}

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : trim(text)) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
    if (!blank || !line.ends_with(' ')) line += blank ? ' ' : c;
  }
  return line;
}

}  // namespace

std::optional<std::string> add_sentence(std::string_view body, std::string_view sentence, std::string_view code) {
  const note with{sentence, code};
  json::parse_options lenient;
  lenient.allow_invalid_utf8 = true;  // as clients are
  lenient.max_depth = deepest_body;
  boost::system::error_code problem;
  auto value = json::parse(body, problem, {}, lenient);
  if (!problem && value.is_object()) return json::serialize(annotated(std::move(value.get_object()), with));
  if (problem && is_binary(body)) return std::nullopt;
  const auto text = !problem ? words_of(value) : is_page(body) ? page_text(body) : on_one_line(body);
  constexpr std::size_t longest_escape = 8;  // "\u{10ffff}" for four bytes
  const auto words = problem ? clean(text, text.size() * longest_escape) : text;
  return json::serialize(json::object{{"errors", json::array{new_error(with, words)}}});
}

}  // namespace regpass::registry
