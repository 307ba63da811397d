#include "diagnosis/record/log_reader.hpp"

#include "regpass/base/text.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <limits>

namespace regpass::diagnosis {
namespace {

namespace json = boost::json;

std::string_view text_member(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::uint64_t count_of(const json::object& line) {
  const auto* found = line.if_contains("count");
  json::error_code ec;
  const auto count = found != nullptr && found->is_number() ? found->to_number<std::uint64_t>(ec) : 0;
  return ec ? 0 : count;
}

// A request that never became an exchange is explained in a line with another event.
bool is_about_exchange(const json::object& line) {
  const auto event = text_member(line, "event");
  if (event == "exchange") return true;
  const bool explained = line.contains("explanation");
  return explained && (event == "tunnel" || event == "policy-refused" || event == "client-rejected");
}

}  // namespace

void log_reader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (pending_.size() + piece.size() > longest_line) too_long_ = true;
    if (too_long_) pending_.clear();
    if (!too_long_) pending_.append(piece);
    if (end == std::string_view::npos) return;
    finish();
    bytes.remove_prefix(end + 1);
  }
}

void log_reader::finish() {
  if (too_long_) ++skipped_;
  if (!too_long_) take(pending_);
  too_long_ = false;
  pending_.clear();
}

// Log collectors add a prefix to each line (CRI: time, stream and a flag).
void log_reader::take(std::string_view line) {
  line = trim(line);
  if (line.empty()) return;
  const auto begin = line.find('{');
  const bool known = begin != std::string_view::npos && read(line.substr(begin), 0);
  if (!known) ++skipped_;
}

// Docker's json-file driver wraps the line in a member named "log".
bool log_reader::read(std::string_view text, int depth) {
  json::error_code ec;
  const auto value = json::parse(text, ec);
  const auto* object = ec ? nullptr : value.if_object();
  if (object == nullptr) return false;
  const auto inner = text_member(*object, "log");
  if (!inner.empty() && depth == 0) return read(trim(inner), depth + 1);
  if (text_member(*object, "event") == "refusals-counted") {
    const auto count = count_of(*object);
    only_counted_ += std::min(count, std::numeric_limits<std::uint64_t>::max() - only_counted_);
    return true;
  }
  if (!is_about_exchange(*object)) return true;
  auto seen = from_json(value);
  if (!seen) return false;
  ++exchanges_;
  on_exchange_(*seen);
  return true;
}

}  // namespace regpass::diagnosis
