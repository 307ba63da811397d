#include "regpass/diagnosis/har.hpp"

#include "diagnosis/record/har_message.hpp"
#include "diagnosis/record/json_values.hpp"
#include "regpass/diagnosis/diagnose.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace regpass::diagnosis {
namespace {

wall_time begin_of(const evidence& e) {
  return e.began_at.value_or(wall_time{});
}

// Phases of one entry in milliseconds. `send`, `wait` and `receive` must be there and not negative.
struct phases {
  std::int64_t dns = -1;
  std::int64_t connect = -1;  // TLS included, as the format has it
  std::int64_t ssl = -1;
  std::int64_t wait = 0;
};

json::object timings_of(const phases& p) {
  return {{"blocked", -1}, {"dns", p.dns},   {"connect", p.connect}, {"ssl", p.ssl},
          {"send", 0},     {"wait", p.wait}, {"receive", 0}};
}

phases setup_of(const sent_step& s) {
  phases made;
  made.dns = s.resolve_ms.value_or(-1);
  made.ssl = s.tls_ms.value_or(-1);
  if (s.connect_ms) made.connect = *s.connect_ms + s.tls_ms.value_or(0);
  return made;
}

// Writes each field that has a member in the entry's "_regpass".
class member_writer {
 public:
  explicit member_writer(json::object& to) : to_(to) {}
  template <class T>
  void operator()(std::string_view, const T& v, const shown& as = {}) {
    constexpr bool is_value = !std::is_class_v<T> || std::convertible_to<const T&, std::string_view>;
    if constexpr (is_value) {
      if (!as.har.empty() && !(v == T{})) to_[as.har] = encode(v);
    }
  }

 private:
  json::object& to_;
};

void write_members(json::object& to, const auto& described) {
  member_writer writer(to);
  fields(writer, described);
}

// One exchange's entries, step by step: a request waits in `open_` for its answer or failure.
class walk {
 public:
  explicit walk(const evidence& e) : e_(e) {}

  json::array entries() && {
    for (const auto& timed : e_.steps) {
      at_ms_ = timed.at_ms;
      std::visit([&](const auto& s) { take(s); }, timed.step);
      before_ms_ = timed.at_ms;
    }
    close(at_ms_);
    if (list_.empty()) only_the_client();
    return std::move(list_);
  }

 private:
  struct pending {
    json::object request;
    std::string http;
    phases spent;
    std::int64_t began_ms = 0;  // including connection setup, if this request needed it
    std::int64_t sent_ms = 0;
    json::object more;  // its _regpass
  };

  void take(const sent_step& s) {
    close(at_ms_);
    auto more = about(s.probe ? "probe" : "request");
    write_members(more, s);
    const auto blank = std::min(s.request.find(' '), s.request.size());
    const auto target = s.request.substr(std::min(blank + 1, s.request.size()));
    const auto url = har::origin_of(e_) + (target.starts_with('/') ? target : "/");
    const auto spent = setup_of(s);
    const auto setup = std::max<std::int64_t>(spent.dns, 0) + std::max<std::int64_t>(spent.connect, 0);
    open_ = pending{har::request(s.request.substr(0, blank), url, s.http, s.authorization),
                    s.http,
                    spent,
                    std::max(at_ms_ - setup, std::int64_t{0}),
                    at_ms_,
                    std::move(more)};
  }
  void take(const answered_step& s) {
    if (open_) finish(har::response(s, open_->http));
  }
  // Token request and answer are recorded together when the answer arrives, so the step before marks the start.
  void take(const token_request_step& s) {
    close(before_ms_);
    auto more = about("token-request");
    write_members(more, s);
    more["scope"] = json::object{{"requested", s.scope}};
    open_ = pending{har::request(s), {}, {}, before_ms_, before_ms_, std::move(more)};
  }
  void take(const token_answer_step& s) {
    if (!open_) return;
    if (s.granted) open_->more["scope"].as_object()["granted"] = *s.granted;
    write_members(open_->more, s);
    if (s.failure.empty()) open_->more["expires_in_s"] = s.expires_in_s;
    finish(har::response(s));
  }
  void take(const failed_step& s) {
    if (open_) {
      open_->more["error"] = to_text(s.problem);
      return close(at_ms_);
    }
    const auto last = list_.empty() ? nullptr : list_.back().if_object();
    const bool unanswered = last != nullptr && last->at("response").at("status").to_number<int>() == 0;
    if (unanswered) {
      last->at("_regpass").as_object()["error"] = to_text(s.problem);
      return;
    }
    only_the_client();
    list_.back().at("_regpass").as_object()["error"] = to_text(s.problem);
  }
  void take(const auto&) {}

  void close(std::int64_t at_ms) {
    const auto until = std::exchange(at_ms_, at_ms);
    if (open_) finish(har::no_response());
    at_ms_ = until;
  }

  void finish(json::object response) {
    open_->spent.wait = std::max(at_ms_ - open_->sent_ms, std::int64_t{0});
    add(std::move(open_->request), std::move(response), open_->spent, open_->began_ms, std::move(open_->more));
    open_.reset();
  }

  // Nothing was sent, or no connection was established.
  void only_the_client() {
    const auto path = e_.path.starts_with('/') ? e_.path : "/";
    phases spent;
    spent.wait = at_ms_;
    auto response = e_.status == 0 || !e_.steps.empty() ? har::no_response() : har::response(e_.status, {});
    if (e_.status != 0) response["status"] = e_.status;
    add(har::request(e_.method, har::origin_of(e_) + path, {}, authorization_kind::none), std::move(response), spent, 0,
        about("client-request"));
  }

  void add(json::object request, json::object response, const phases& spent, std::int64_t began_ms, json::object more) {
    const auto sum = std::max<std::int64_t>(spent.dns, 0) + std::max<std::int64_t>(spent.connect, 0) + spent.wait;
    list_.push_back(json::object{{"pageref", e_.id},
                                 {"startedDateTime", rfc3339(begin_of(e_) + std::chrono::milliseconds(began_ms))},
                                 {"time", sum},
                                 {"request", std::move(request)},
                                 {"response", std::move(response)},
                                 {"cache", json::object()},
                                 {"timings", timings_of(spent)},
                                 {"_regpass", std::move(more)}});
  }

  json::object about(std::string_view role) const {
    json::object made{{"id", e_.id}, {"role", role}};
    if (!e_.source.empty()) {
      made["credential"] = json::object{{"source", e_.source}, {"key", e_.key}, {"username", e_.username}};
    }
    if (!e_.needed.empty()) made["scope"] = json::object{{"needed", registry::to_text(e_.needed)}};
    return made;
  }

  const evidence& e_;
  json::array list_;
  std::optional<pending> open_;
  std::int64_t at_ms_ = 0;
  std::int64_t before_ms_ = 0;
};

json::object page_of(const evidence& e, const std::optional<explanation>& why) {
  auto title = e.method + " " + e.registry + e.path + ": " + std::to_string(e.status);
  if (why) title += " " + why->cause;
  auto more = to_json(e);
  if (why) more["explanation"] = to_json(*why);
  json::object made{{"startedDateTime", rfc3339(begin_of(e))},
                    {"id", e.id},
                    {"title", title},
                    {"pageTimings", json::object{{"onContentLoad", -1}, {"onLoad", -1}}},
                    {"_regpass", std::move(more)}};
  if (!e.began_at) made["comment"] = "the log does not contain the time of this exchange";
  return made;
}

}  // namespace

json::object to_har(std::span<const evidence> exchanges) {
  json::array pages, entries;
  for (const auto& e : exchanges) {
    const auto why = diagnose(e);
    auto made = walk(e).entries();
    if (why) made.back().at("_regpass").as_object()["explanation"] = to_json(*why);
    pages.push_back(page_of(e, why));
    for (auto& entry : made) entries.push_back(std::move(entry));
  }
  return {{"log", json::object{{"version", "1.2"},
                               {"creator", json::object{{"name", "regpass"}, {"version", REGPASS_VERSION}}},
                               {"pages", std::move(pages)},
                               {"entries", std::move(entries)}}}};
}

}  // namespace regpass::diagnosis
