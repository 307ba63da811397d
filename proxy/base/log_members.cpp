#include "base/log_members.hpp"

#include "base/log_text.hpp"

#include <boost/json/parse.hpp>

namespace regpass::log {

void members::begin(std::string_view key) {
  if (!text_.empty() && text_.back() != '{') text_ += ',';
  append_text(text_, key);
  text_ += ':';
}

void members::add(std::string_view key, std::string_view value) {
  begin(key);
  append_text(text_, value);
}

void members::add_value(std::string_view key, const boost::json::value& value) {
  begin(key);
  append_value(text_, value, 1);
}

void members::open(std::string_view key) {
  begin(key);
  text_ += '{';
}

boost::json::object members::object() const {
  return boost::json::parse("{" + text_ + "}").as_object();
}

}  // namespace regpass::log
