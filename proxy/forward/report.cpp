#include "regpass/forward/report.hpp"

#include "regpass/base/log.hpp"
#include "regpass/registry/scope.hpp"

#include <boost/json/monotonic_resource.hpp>

#include <array>

namespace regpass::forward {

namespace {

using explain::evidence;

// Which one was used, and why each other one that was considered was not.
void write_credential(boost::json::object& into, const evidence& seen, const traffic& moved) {
  if (!seen.source.empty()) {
    into["source"] = seen.source;
    into["key"] = seen.key;
    into["username"] = seen.username;
  }
  if (!seen.others.empty()) {
    auto& others = into["others"].emplace_array();
    for (const auto& one : seen.others)
      others.push_back(boost::json::object{{"source", one.source}, {"key", one.key}, {"why", one.why}});
  }
  if (moved.passed_over) into["passed_over"] = true;
}

// What was asked of the token server, and what the token used allows, as far as it says.
void write_scope(boost::json::object& into, const evidence& seen) {
  into["needed"] = registry::to_text(seen.needed);
  for (const auto& one : seen.steps) {
    if (const auto* asked = std::get_if<explain::token_request_step>(&one.step)) into["requested"] = asked->scope;
    if (const auto* got = std::get_if<explain::token_answer_step>(&one.step); got && got->granted)
      into["granted"] = *got->granted;
    if (const auto* had = std::get_if<explain::cached_token_step>(&one.step)) {
      into["requested"] = had->scope;
      if (had->granted) into["granted"] = *had->granted;
    }
  }
}

std::string_view authorization_of(const evidence& seen) {
  std::string_view last = "none";
  for (const auto& one : seen.steps) {
    if (const auto* sent = std::get_if<explain::sent_step>(&one.step); sent && !sent->probe) last = sent->authorization;
  }
  return last;
}

std::optional<std::int64_t> expiry_of(const evidence& seen) {
  std::optional<std::int64_t> last;
  for (const auto& one : seen.steps) {
    if (const auto* got = std::get_if<explain::token_answer_step>(&one.step); got && got->failure.empty())
      last = got->expires_in_s;
    if (const auto* had = std::get_if<explain::cached_token_step>(&one.step)) last = had->expires_in_s;
  }
  return last;
}

// Members of members as well: the line's credential has less than the evidence's.
void complete(boost::json::object& line, const boost::json::object& whole) {
  for (const auto& member : whole) {
    auto& there = line[member.key()];
    if (there.is_null()) {
      there = member.value();
    } else if (there.is_object() && member.value().is_object()) {
      complete(there.get_object(), member.value().get_object());
    }
  }
}

bool negotiated(const evidence& seen) {
  for (const auto& one : seen.steps) {
    if (!std::holds_alternative<explain::sent_step>(one.step) &&
        !std::holds_alternative<explain::answered_step>(one.step))
      return true;
  }
  return seen.steps.size() > 2;
}

}  // namespace

boost::json::object exchange_line(const evidence& seen, const std::optional<explain::explanation>& explained,
                                  const traffic& moved, boost::json::storage_ptr in) {
  boost::json::object line({{"id", seen.id},
                            {"mode", seen.mode},
                            {"client", seen.client},
                            {"registry", seen.registry},
                            {"repository", seen.repository},
                            {"action", seen.action},
                            {"method", seen.method},
                            {"path", seen.path}},
                           24, std::move(in));
  auto& http = line["http"].emplace_object();
  http["client"] = moved.client_version;
  http["upstream"] = moved.upstream_version;
  line["status"] = seen.status;
  if (moved.sent_status != 0) line["sent_status"] = moved.sent_status;
  line["auth"] = authorization_of(seen);
  if (!seen.source.empty() || !seen.others.empty()) write_credential(line["credential"].emplace_object(), seen, moved);
  if (!seen.needed.empty()) write_scope(line["scope"].emplace_object(), seen);
  if (!moved.cache.empty()) {
    auto& token = line["token"].emplace_object();
    token["cache"] = moved.cache;
    if (const auto expires = expiry_of(seen)) token["expires_in"] = *expires;
  }
  line["attempts"] = moved.attempts;
  line["bytes_in"] = moved.bytes_in;
  line["bytes_out"] = moved.bytes_out;
  line["duration_ms"] = moved.duration_ms;
  if (explained || negotiated(seen)) line["handshake"] = explain::handshake_json(seen);
  if (explained) {
    // What a later `regpass explain` needs besides the handshake to come to the same verdict.
    complete(line, explain::to_json(seen));
    line["explanation"] = explain::to_json(*explained);
  }
  return line;
}

std::string message_of(const evidence& seen, const std::optional<explain::explanation>& explained) {
  return explained ? explained->summary
                   : seen.method + " " + seen.registry + seen.path + ": " + std::to_string(seen.status);
}

void report(const evidence& seen, const std::optional<explain::explanation>& explained, const traffic& moved) {
  const auto at = explained ? log::level::warn : log::level::info;
  if (!log::enabled(at)) return;
  // The line lives until it is written: one piece of memory for all its parts.
  std::array<unsigned char, 4096> first;  // not zeroed: nothing is read before it is written
  boost::json::monotonic_resource memory(first.data(), first.size());
  log::write(at, "exchange", message_of(seen, explained), exchange_line(seen, explained, moved, &memory));
}

void report_notices(const evidence& seen, const std::vector<explain::explanation>& notices, bool passed_over_now) {
  if (!log::enabled(log::level::warn)) return;
  for (const auto& one : notices) {
    if (one.cause == explain::passed_over && !passed_over_now) continue;
    auto line = explain::to_json(one);
    line["id"] = seen.id;
    line["registry"] = seen.registry;
    line["repository"] = seen.repository;
    if (!seen.source.empty()) {
      line["credential"] = boost::json::object{{"source", seen.source}, {"key", seen.key}, {"username", seen.username}};
    }
    log::write(log::level::warn, "notice", one.summary, line);
  }
}

void report_warnings(const std::vector<explain::explanation>& warnings) {
  for (const auto& one : warnings) {
    const auto* row = explain::find_cause(one.cause);
    const bool harmless = row != nullptr && row->judge == nullptr;
    log::write(harmless ? log::level::info : log::level::warn, "credential-warning", one.summary,
               explain::to_json(one));
  }
}

}  // namespace regpass::forward
