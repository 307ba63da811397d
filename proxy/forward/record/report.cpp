#include "regpass/forward/report.hpp"

#include "base/log_members.hpp"
#include "regpass/base/log.hpp"
#include "regpass/registry/scope.hpp"

#include <boost/json/array.hpp>

namespace regpass::forward {

namespace {

using diagnosis::evidence;

// Which one was used, and why each other one that was considered was not.
void write_credential(log::members& into, const evidence& seen, const traffic& moved) {
  into.open("credential");
  if (!seen.source.empty()) {
    into.add("source", seen.source);
    into.add("key", seen.key);
    into.add("username", seen.username);
  }
  if (!seen.others.empty()) {
    boost::json::array others;
    for (const auto& one : seen.others)
      others.push_back(boost::json::object{{"source", one.source}, {"key", one.key}, {"why", one.why}});
    into.add_value("others", boost::json::value(std::move(others)));
  }
  if (moved.passed_over) into.add("passed_over", true);
  into.close();
}

// What was asked of the token server, and what the token used allows, as far as it says.
void write_scope(log::members& into, const evidence& seen) {
  const std::string* requested = nullptr;
  const std::string* granted = nullptr;
  for (const auto& one : seen.steps) {
    if (const auto* asked = std::get_if<diagnosis::token_request_step>(&one.step)) requested = &asked->scope;
    if (const auto* got = std::get_if<diagnosis::token_answer_step>(&one.step); got && got->granted)
      granted = &*got->granted;
    if (const auto* had = std::get_if<diagnosis::cached_token_step>(&one.step)) {
      requested = &had->scope;
      if (had->granted) granted = &*had->granted;
    }
  }
  into.open("scope");
  into.add("needed", registry::to_text(seen.needed));
  if (requested) into.add("requested", *requested);
  if (granted) into.add("granted", *granted);
  into.close();
}

std::string_view authorization_of(const evidence& seen) {
  std::string_view last = "none";
  for (const auto& one : seen.steps) {
    if (const auto* sent = std::get_if<diagnosis::sent_step>(&one.step); sent && !sent->probe)
      last = sent->authorization;
  }
  return last;
}

std::optional<std::int64_t> expiry_of(const evidence& seen) {
  std::optional<std::int64_t> last;
  for (const auto& one : seen.steps) {
    if (const auto* got = std::get_if<diagnosis::token_answer_step>(&one.step); got && got->failure.empty())
      last = got->expires_in_s;
    if (const auto* had = std::get_if<diagnosis::cached_token_step>(&one.step)) last = had->expires_in_s;
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
    if (!std::holds_alternative<diagnosis::sent_step>(one.step) &&
        !std::holds_alternative<diagnosis::answered_step>(one.step))
      return true;
  }
  return seen.steps.size() > 2;
}

void write_line(log::members& line, const evidence& seen, const traffic& moved) {
  line.add("id", seen.id);
  line.add("mode", seen.mode);
  line.add("client", seen.client);
  line.add("registry", seen.registry);
  line.add("repository", seen.repository);
  line.add("action", seen.action);
  line.add("method", seen.method);
  line.add("path", seen.path);
  line.open("http");
  line.add("client", moved.client_version);
  line.add("upstream", moved.upstream_version);
  line.close();
  line.add("status", seen.status);
  if (moved.sent_status != 0) line.add("sent_status", moved.sent_status);
  line.add("auth", authorization_of(seen));
  if (!seen.source.empty() || !seen.others.empty()) write_credential(line, seen, moved);
  if (!seen.needed.empty()) write_scope(line, seen);
  if (!moved.cache.empty()) {
    line.open("token");
    line.add("cache", moved.cache);
    if (const auto expires = expiry_of(seen)) line.add("expires_in", *expires);
    line.close();
  }
  line.add("attempts", moved.attempts);
  line.add("bytes_in", moved.bytes_in);
  line.add("bytes_out", moved.bytes_out);
  line.add("duration_ms", moved.duration_ms);
}

}  // namespace

boost::json::object exchange_line(const evidence& seen, const std::optional<diagnosis::explanation>& explained,
                                  const traffic& moved) {
  log::members told;
  write_line(told, seen, moved);
  auto line = told.object();
  if (explained || negotiated(seen)) line["handshake"] = diagnosis::handshake_json(seen);
  if (explained) {
    // What a later `regpass explain` needs besides the handshake to come to the same verdict.
    complete(line, diagnosis::to_json(seen));
    line["explanation"] = diagnosis::to_json(*explained);
  }
  return line;
}

void add_explained(boost::json::object& line, const evidence& seen, const diagnosis::explanation& explained) {
  complete(line, diagnosis::to_json(seen));
  line["explanation"] = diagnosis::to_json(explained);
}

std::string message_of(const evidence& seen, const std::optional<diagnosis::explanation>& explained) {
  if (explained) return explained->summary;
  std::string text;
  text.reserve(seen.method.size() + seen.registry.size() + seen.path.size() + std::string_view(" : 000").size());
  text.append(seen.method).append(" ").append(seen.registry).append(seen.path).append(": ");
  text.append(std::to_string(seen.status));
  return text;
}

void report(const evidence& seen, const std::optional<diagnosis::explanation>& explained, const traffic& moved) {
  const auto at = explained ? log::level::warn : log::level::info;
  if (!log::enabled(at)) return;
  const auto text = message_of(seen, explained);
  if (explained || negotiated(seen)) return log::write(at, "exchange", text, exchange_line(seen, explained, moved));
  static thread_local log::members line;
  line.clear();
  write_line(line, seen, moved);
  log::write(at, "exchange", text, line);
}

void report_notices(const evidence& seen, const std::vector<diagnosis::explanation>& notices, bool passed_over_now) {
  if (!log::enabled(log::level::warn)) return;
  for (const auto& one : notices) {
    if (one.cause == diagnosis::passed_over && !passed_over_now) continue;
    auto line = diagnosis::to_json(one);
    line["id"] = seen.id;
    line["registry"] = seen.registry;
    line["repository"] = seen.repository;
    if (!seen.source.empty()) {
      line["credential"] = boost::json::object{{"source", seen.source}, {"key", seen.key}, {"username", seen.username}};
    }
    log::write(log::level::warn, "notice", one.summary, line);
  }
}

void report_warnings(const std::vector<diagnosis::explanation>& warnings) {
  for (const auto& one : warnings) {
    const auto* row = diagnosis::find_cause(one.cause);
    const bool harmless = row != nullptr && row->judge == nullptr;
    log::write(harmless ? log::level::info : log::level::warn, "credential-warning", one.summary,
               diagnosis::to_json(one));
  }
}

}  // namespace regpass::forward
