#include "regpass/http/message.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace regpass::http {
namespace {

auto named(std::string_view name) {
  return [name](const field& f) { return iequals(f.name, name); };
}

void append_fields(std::string& out, const fields& headers) {
  for (const auto& f : headers) fmt::format_to(std::back_inserter(out), "{}: {}\r\n", f.name, f.value);
  out += "\r\n";
}

constexpr std::array<std::pair<int, std::string_view>, 43> phrases{{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {508, "Loop Detected"},
}};

}  // namespace

void fields::add(std::string_view name, std::string_view value) {
  list_.push_back({std::string(name), std::string(value)});
}

void fields::set(std::string_view name, std::string_view value) {
  const auto first = std::ranges::find_if(list_, named(name));
  if (first == list_.end()) return add(name, value);
  *first = {std::string(name), std::string(value)};
  list_.erase(std::remove_if(first + 1, list_.end(), named(first->name)), list_.end());
}

std::size_t fields::erase(std::string_view name) {
  return std::erase_if(list_, named(name));
}

std::optional<std::string_view> fields::get(std::string_view name) const noexcept {
  const auto first = std::ranges::find_if(list_, named(name));
  if (first == list_.end()) return std::nullopt;
  return first->value;
}

std::size_t fields::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(list_, named(name)));
}

std::vector<std::string_view> fields::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& f : list_) {
    if (iequals(f.name, name)) values.push_back(f.value);
  }
  return values;
}

std::vector<std::string_view> fields::tokens(std::string_view name) const {
  std::vector<std::string_view> out;
  for (auto rest : all(name)) {
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto token = trim(rest.substr(0, comma));
      if (!token.empty()) out.push_back(token);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return out;
}

std::string write_head(const request_head& head) {
  auto out = fmt::format("{} {} HTTP/1.{}\r\n", head.method, head.target, head.minor);
  append_fields(out, head.headers);
  return out;
}

std::string write_head(const response_head& head) {
  auto out = fmt::format("HTTP/1.{} {} {}\r\n", head.minor, head.status, head.reason);
  append_fields(out, head.headers);
  return out;
}

std::string_view reason_phrase(int status) noexcept {
  const auto known = std::ranges::find(phrases, status, &decltype(phrases)::value_type::first);
  return known == phrases.end() ? "" : known->second;
}

}  // namespace regpass::http
