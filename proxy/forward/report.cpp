#include "regpass/forward/report.hpp"

#include "regpass/base/log.hpp"
#include "regpass/registry/scope.hpp"

namespace regpass::forward {

namespace {

using explain::evidence;

// Which one was used, and why each other one that was considered was not.
boost::json::object credential_of(const evidence& seen, const traffic& moved) {
  boost::json::object made;
  if (!seen.source.empty()) made = {{"source", seen.source}, {"key", seen.key}, {"username", seen.username}};
  boost::json::array others;
  for (const auto& one : seen.others)
    others.push_back(boost::json::object{{"source", one.source}, {"key", one.key}, {"why", one.why}});
  if (!others.empty()) made["others"] = std::move(others);
  if (moved.passed_over) made["passed_over"] = true;
  return made;
}

// What was asked of the token server, and what the token used allows, as far as it says.
boost::json::object scope_of(const evidence& seen) {
  boost::json::object made{{"needed", registry::to_text(seen.needed)}};
  for (const auto& one : seen.steps) {
    if (const auto* asked = std::get_if<explain::token_request_step>(&one.step)) made["requested"] = asked->scope;
    if (const auto* got = std::get_if<explain::token_answer_step>(&one.step); got && got->granted)
      made["granted"] = *got->granted;
    if (const auto* had = std::get_if<explain::cached_token_step>(&one.step)) {
      made["requested"] = had->scope;
      if (had->granted) made["granted"] = *had->granted;
    }
  }
  return made;
}

std::string authorization_of(const evidence& seen) {
  std::string last = "none";
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
                                  const traffic& moved) {
  boost::json::object line{{"id", seen.id},
                           {"mode", seen.mode},
                           {"client", seen.client},
                           {"registry", seen.registry},
                           {"repository", seen.repository},
                           {"action", seen.action},
                           {"method", seen.method},
                           {"path", seen.path}};
  line["http"] = boost::json::object{{"client", moved.client_version}, {"upstream", moved.upstream_version}};
  line["status"] = seen.status;
  if (moved.sent_status != 0) line["sent_status"] = moved.sent_status;
  line["auth"] = authorization_of(seen);
  if (!seen.source.empty() || !seen.others.empty()) line["credential"] = credential_of(seen, moved);
  if (!seen.needed.empty()) line["scope"] = scope_of(seen);
  if (!moved.cache.empty()) {
    boost::json::object token{{"cache", moved.cache}};
    if (const auto expires = expiry_of(seen)) token["expires_in"] = *expires;
    line["token"] = std::move(token);
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
  log::write(at, "exchange", message_of(seen, explained), exchange_line(seen, explained, moved));
}

void report_notices(const evidence& seen, bool passed_over_now) {
  if (!log::enabled(log::level::warn)) return;
  for (const auto& one : explain::notices(seen)) {
    if (one.cause == explain::passed_over && !passed_over_now) continue;
    auto line = explain::to_json(one);
    line["id"] = seen.id;
    line["registry"] = seen.registry;
    line["repository"] = seen.repository;
    if (!seen.source.empty()) {
      line["credential"] = boost::json::object{{"source", seen.source}, {"key", seen.key}, {"username", seen.username}};
    }
    log::write(log::level::warn, "notice", one.summary, std::move(line));
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
