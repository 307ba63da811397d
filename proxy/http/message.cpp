#include "regpass/http/message.hpp"

#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::http {
namespace {

constexpr std::size_t first_bytes = 512;  // of most heads
constexpr std::size_t first_fields = 12;
constexpr std::size_t longest_status_line = 64;  // but for its reason

void append_fields(std::string& out, const fields& headers) {
  for (const auto [name, value] : headers) out.append(name).append(": ").append(value).append("\r\n");
  out += "\r\n";
}

std::size_t size_of(const fields& headers) {
  return headers.bytes() + headers.size() * std::string_view(": \r\n").size() + longest_status_line;
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

// The arguments may be views into `text_`: they are copied before the old memory is freed.
fields::place fields::keep(std::string_view name, std::string_view value) {
  const std::size_t at = text_.size();
  const std::size_t needed = at + name.size() + value.size();
  if (needed > text_.capacity()) {
    std::string larger;
    larger.reserve(std::max({needed, 2 * text_.capacity(), first_bytes}));
    larger.append(text_).append(name).append(value);
    text_ = std::move(larger);
  } else {
    text_.append(name).append(value);
  }
  const auto narrow = [](std::size_t n) { return static_cast<std::uint32_t>(n); };
  return {narrow(at), narrow(name.size()), narrow(at + name.size()), narrow(value.size())};
}

field fields::at(const place& entry) const noexcept {
  const std::string_view all = text_;
  return {all.substr(entry.name_at, entry.name_size), all.substr(entry.value_at, entry.value_size)};
}

bool fields::is_named(const place& entry, std::string_view name) const noexcept {
  return entry.name_size == name.size() && iequals(at(entry).name, name);
}

void fields::reserve(std::size_t more_fields, std::size_t more_bytes) {
  list_.reserve(list_.size() + more_fields);
  text_.reserve(text_.size() + more_bytes);
}

void fields::add(std::string_view name, std::string_view value) {
  const place kept = keep(name, value);
  if (list_.capacity() == 0) list_.reserve(first_fields);
  list_.push_back(kept);
}

void fields::set(std::string_view name, std::string_view value) {
  const auto named = [this, name](const place& entry) { return is_named(entry, name); };
  const auto first = std::ranges::find_if(list_, named);
  if (first == list_.end()) return add(name, value);
  list_.erase(std::remove_if(first + 1, list_.end(), named), list_.end());
  *first = keep(name, value);
}

std::size_t fields::erase(std::string_view name) {
  return std::erase_if(list_, [this, name](const place& entry) { return is_named(entry, name); });
}

std::optional<std::string_view> fields::get(std::string_view name) const noexcept {
  const auto first = std::ranges::find_if(list_, [this, name](const place& entry) { return is_named(entry, name); });
  if (first == list_.end()) return std::nullopt;
  return at(*first).value;
}

std::size_t fields::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(list_, [this, name](const place& entry) { return is_named(entry, name); }));
}

std::vector<std::string_view> fields::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& entry : list_) {
    if (is_named(entry, name)) values.push_back(at(entry).value);
  }
  return values;
}

std::size_t fields::bytes() const noexcept {
  std::size_t sum = 0;
  for (const auto& entry : list_) sum += entry.name_size + entry.value_size;
  return sum;
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
  std::string out;
  out.reserve(head.method.size() + head.target.size() + size_of(head.headers));
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.");
  out.append(std::to_string(head.minor)).append("\r\n");
  append_fields(out, head.headers);
  return out;
}

std::string write_head(const response_head& head) {
  std::string out;
  out.reserve(head.reason.size() + size_of(head.headers));
  out.append("HTTP/1.").append(std::to_string(head.minor)).append(" ");
  out.append(std::to_string(head.status)).append(" ").append(head.reason).append("\r\n");
  append_fields(out, head.headers);
  return out;
}

std::string_view reason_phrase(int status) noexcept {
  const auto known = std::ranges::find(phrases, status, &decltype(phrases)::value_type::first);
  return known == phrases.end() ? "" : known->second;
}

}  // namespace regpass::http
