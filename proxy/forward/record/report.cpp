#include "regpass/forward/report.hpp"

#include "base/log_members.hpp"
#include "regpass/base/log.hpp"
#include "regpass/registry/scope.hpp"

#include <boost/json/array.hpp>

namespace regpass::forward {

namespace {

using diagnosis::evidence;

// The credential that was used, and why each of the others was not.
void write_credential(log::members& into, const evidence& seen, const traffic& moved) {
  into.open("credential");
  if (!seen.source.empty()) {
    into.add("source", seen.source);
    into.add("key", seen.key);
    into.add("username", seen.username);
  }
  if (!seen.others.empty()) {
    boost::json::array others;
    for (const auto& other : seen.others)
      others.push_back(boost::json::object{{"source", other.source}, {"key", other.key}, {"why", other.why}});
    into.add_value("others", boost::json::value(std::move(others)));
  }
  if (moved.passed_over) into.add("passed_over", true);
  into.close();
}

// What the token server was asked for, and what the token grants, as far as it can be read.
void write_scope(log::members& into, const evidence& seen) {
  const std::string* requested = nullptr;
  const std::string* granted = nullptr;
  for (const auto& timed : seen.steps) {
    if (const auto* asked = std::get_if<diagnosis::token_request_step>(&timed.step)) requested = &asked->scope;
    if (const auto* got = std::get_if<diagnosis::token_answer_step>(&timed.step); got && got->granted)
      granted = &*got->granted;
    if (const auto* had = std::get_if<diagnosis::cached_token_step>(&timed.step)) {
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
  auto last = name_of(diagnosis::authorization_kind::none);
  for (const auto& timed : seen.steps) {
    if (const auto* sent = std::get_if<diagnosis::sent_step>(&timed.step); sent && !sent->probe)
      last = sent->authorization;
  }
  return last;
}

std::optional<std::int64_t> expiry_of(const evidence& seen) {
  std::optional<std::int64_t> last;
  for (const auto& timed : seen.steps) {
    if (const auto* got = std::get_if<diagnosis::token_answer_step>(&timed.step); got && got->failure.empty())
      last = got->expires_in_s;
    if (const auto* had = std::get_if<diagnosis::cached_token_step>(&timed.step)) last = had->expires_in_s;
  }
  return last;
}

// Recursive, because the credential member of the line has fewer members than that of the evidence.
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
  for (const auto& timed : seen.steps) {
    if (!std::holds_alternative<diagnosis::sent_step>(timed.step) &&
        !std::holds_alternative<diagnosis::answered_step>(timed.step))
      return true;
  }
  return seen.steps.size() > 2;
}

// Adds fields to a line, empty ones as well.
struct line_writer {
  log::members& line;
  void operator()(std::string_view name, std::string_view value) const { line.add(name, value); }
};

void write_line(log::members& line, const evidence& seen, const traffic& moved) {
  const line_writer writer{line};
  diagnosis::request_fields(writer, seen);
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
  log::members written;
  write_line(written, seen, moved);
  auto line = written.object();
  if (explained || negotiated(seen)) line["handshake"] = diagnosis::handshake_json(seen);
  if (explained) {
    // Besides the handshake `regpass explain` needs the rest of the evidence to reach the same conclusion.
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
  for (const auto& notice : notices) {
    if (notice.cause == diagnosis::passed_over && !passed_over_now) continue;
    auto line = diagnosis::to_json(notice);
    line["id"] = seen.id;
    line["registry"] = seen.registry;
    line["repository"] = seen.repository;
    if (!seen.source.empty()) {
      line["credential"] = boost::json::object{{"source", seen.source}, {"key", seen.key}, {"username", seen.username}};
    }
    log::write(log::level::warn, "notice", notice.summary, line);
  }
}

void report_warnings(const std::vector<diagnosis::explanation>& warnings) {
  for (const auto& warning : warnings) {
    const auto* row = diagnosis::find_cause(warning.cause);
    const bool harmless = row != nullptr && row->judge == nullptr;
    log::write(harmless ? log::level::info : log::level::warn, "credential-warning", warning.summary,
               diagnosis::to_json(warning));
  }
}

}  // namespace regpass::forward
