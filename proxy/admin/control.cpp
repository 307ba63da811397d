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

reply history(const forward::history& from, const call& asked) {
  const auto all = from.all();
  const auto last = std::min(count_in(parameter(asked, "last"), all.size()), all.size());
  reply made;
  made.type = json_lines;
  for (const auto& one : std::span(all).last(last)) made.body += log_line(one) + "\n";
  return made;
}

reply set_level(const call& asked) {
  const auto level = log::parse_level(trim(asked.body));
  if (!level) return plain(400, "the level is error, warn, info or debug");
  log::set_threshold(*level);
  log::write(log::level::info, "log-level", "the log's level is now " + std::string(log::name_of(*level)));
  reply made;
  made.status = 204;
  made.type.clear();
  return made;
}

}  // namespace

std::string log_line(const forward::exchange_record& one) {
  const auto at = one.evidence.began_at.value_or(now().wall) + std::chrono::milliseconds(one.moved.duration_ms);
  const auto level = one.explanation ? log::level::warn : log::level::info;
  const auto more = forward::exchange_line(one.evidence, one.explanation, one.moved);
  return log::line(log::format::json, level, "exchange", forward::message_of(one.evidence, one.explanation), more,
                   rfc3339(at));
}

responder control_routes(const control_hooks& hooks) {
  routes table;
  table.on("GET", "/status", [status = hooks.status](const call&) -> async::task<reply> {
    reply made;
    made.type = "application/json";
    made.body = boost::json::serialize(status()) + "\n";
    co_return made;
  });
  table.on("GET", "/history",
           [from = hooks.history](const call& asked) -> async::task<reply> { co_return history(*from, asked); });
  table.on("GET", "/log/level",
           [](const call&) -> async::task<reply> { co_return plain(200, log::name_of(log::threshold())); });
  table.on("PUT", "/log/level", [](const call& asked) -> async::task<reply> { co_return set_level(asked); });
  table.on("POST", "/reload", [reload = hooks.reload](const call&) -> async::task<reply> {
    reload();
    co_return plain(200, "read again; the log says what came of it");
  });
  return table;
}

}  // namespace regpass::admin
