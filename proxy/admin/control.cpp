#include "admin/control.hpp"

#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"
#include "regpass/forward/report.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <span>

namespace regpass::admin {

namespace {

constexpr std::string_view json_lines = "application/jsonl";

std::size_t count_in(const std::string& text, std::size_t otherwise) {
  std::size_t count = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
  return ec == std::errc{} && end == text.data() + text.size() ? count : otherwise;
}

reply history(const forward::history& from, const call& request) {
  const auto all = from.all();
  const auto last = std::min(count_in(parameter(request, "last"), all.size()), all.size());
  reply result;
  result.type = json_lines;
  for (const auto& record : std::span(all).last(last)) result.body += log_line(record) + "\n";
  return result;
}

reply set_level(const call& request) {
  const auto level = log::parse_level(trim(request.body));
  if (!level) return plain(400, "the level is error, warn, info or debug");
  log::set_threshold(*level);
  log::write(log::level::info, "log-level", "the log level is now " + std::string(log::name_of(*level)));
  reply result;
  result.status = 204;
  result.type.clear();
  return result;
}

}  // namespace

std::string log_line(const forward::exchange_record& record) {
  const auto at = record.evidence.began_at.value_or(now().wall) + std::chrono::milliseconds(record.moved.duration_ms);
  const auto level = record.explanation ? log::level::warn : log::level::info;
  const auto more = forward::exchange_line(record.evidence, record.explanation, record.moved);
  return log::line(log::format::json, level, "exchange", forward::message_of(record.evidence, record.explanation), more,
                   rfc3339(at));
}

responder control_routes(const control_hooks& hooks) {
  routes table;
  table.on("GET", "/status", [status = hooks.status](const call&) -> async::task<reply> {
    reply result;
    result.type = "application/json";
    result.body = boost::json::serialize(status()) + "\n";
    co_return result;
  });
  table.on("GET", "/history",
           [from = hooks.history](const call& request) -> async::task<reply> { co_return history(*from, request); });
  table.on("GET", "/log/level",
           [](const call&) -> async::task<reply> { co_return plain(200, log::name_of(log::threshold())); });
  table.on("PUT", "/log/level", [](const call& request) -> async::task<reply> { co_return set_level(request); });
  table.on("POST", "/reload", [reload = hooks.reload](const call&) -> async::task<reply> {
    reload();
    co_return plain(200, "configuration reloaded; see the log for the result");
  });
  return table;
}

}  // namespace regpass::admin
