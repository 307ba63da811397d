#include "config/keys/fields.hpp"

#include "regpass/base/time.hpp"
#include "regpass/http/proxy_server.hpp"
#include "regpass/registry/host.hpp"

namespace regpass::config {
namespace {

using texts = std::vector<std::string>;
using numbers = std::vector<std::int64_t>;
using std::chrono::milliseconds;
using std::filesystem::path;

}  // namespace

void assign(bool& field, const value& v) {
  field = std::get<bool>(v);
}

void assign(std::size_t& field, const value& v) {
  field = static_cast<std::size_t>(std::get<std::int64_t>(v));
}

void assign(std::uint32_t& field, const value& v) {
  field = static_cast<std::uint32_t>(std::get<std::int64_t>(v));
}

void assign(milliseconds& field, const value& v) {
  field = parse_duration(std::get<std::string>(v)).value_or(field);
}

void assign(std::string& field, const value& v) {
  field = std::get<std::string>(v);
}

void assign(path& field, const value& v) {
  field = std::get<std::string>(v);
}

void assign(std::vector<path>& field, const value& v) {
  const auto& list = std::get<texts>(v);
  field.assign(list.begin(), list.end());
}

void assign(texts& field, const value& v) {
  field = std::get<texts>(v);
}

void assign(std::vector<std::uint16_t>& field, const value& v) {
  field.clear();
  for (const auto number : std::get<numbers>(v)) field.push_back(static_cast<std::uint16_t>(number));
}

void assign(registry::host& field, const value& v) {
  field = registry::parse_host(std::get<std::string>(v)).value_or(registry::host{});
}

void assign(secret& field, const value& v) {
  field = secret(std::get<std::string>(v));
}

value as_value(bool field) {
  return field;
}

value as_value(std::size_t field) {
  return static_cast<std::int64_t>(field);
}

value as_value(std::uint32_t field) {
  return static_cast<std::int64_t>(field);
}

value as_value(milliseconds field) {
  return duration_text(field);
}

value as_value(const std::string& field) {
  return field;
}

value as_value(const path& field) {
  return field.string();
}

value as_value(const std::vector<path>& field) {
  texts out;
  for (const auto& path : field) out.push_back(path.string());
  return out;
}

value as_value(const texts& field) {
  return field;
}

value as_value(const std::vector<std::uint16_t>& field) {
  return numbers(field.begin(), field.end());
}

value as_value(const registry::host& field) {
  return field.name.empty() ? std::string() : registry::to_text(field);
}

value as_value(const secret& field) {
  return http::masked_proxy(field.expose());
}

}  // namespace regpass::config
