#include "regpass/diagnosis/diagnose.hpp"

#include "diagnosis/present/wording.hpp"
#include "regpass/base/text.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>

namespace regpass::diagnosis {
namespace {

constexpr std::size_t longest_summary = 6 * 1024;  // a path may have 4 KiB
constexpr std::size_t longest_item = 6 * 1024;
constexpr std::size_t most_items = 24;

struct candidate {
  const cause* row;
  diagnosis::certainty certainty;
};

bool is_general_of(const cause& wider, const cause& row) {
  const auto padded = ' ' + std::string(row.general) + ' ';
  return padded.find(' ' + std::string(wider.name) + ' ') != std::string::npos;
}

// A specific cause that is likely ranks before the general cause that is certain, because it says more.
certainty rank_of(const candidate& one, const std::vector<candidate>& all) {
  auto rank = one.certainty;
  if (rank == certainty::possible) return rank;
  for (const auto& other : all) {
    if (is_general_of(*other.row, *one.row)) rank = std::min(rank, other.certainty);
  }
  return rank;
}

// The last row applies only if none of the others does.
std::vector<candidate> ranked(const facts& f) {
  const auto rows = causes();
  std::vector<candidate> found;
  for (const auto& row : rows.first(rows.size() - 1)) {
    const auto judged = row.judge == nullptr ? std::nullopt : row.judge(f);
    if (judged) found.push_back({&row, *judged});
  }
  // Rows are in order of precedence.
  const auto all = found;
  std::ranges::sort(found, {}, [&](const candidate& c) { return std::pair(rank_of(c, all), c.row); });
  if (found.empty()) found.push_back({&rows.back(), certainty::possible});
  return found;
}

// These quote untrusted text, and live evidence has not been cleaned by the log.
std::vector<std::string> cleaned(const std::vector<std::string>& items) {
  std::vector<std::string> out;
  for (const auto& item : items) {
    if (out.size() < most_items) out.push_back(clean(item, longest_item));
  }
  return out;
}

boost::json::array texts(const std::vector<std::string>& items) {
  boost::json::array list;
  for (const auto& item : items) list.emplace_back(boost::json::string_view(item));
  return list;
}

explanation make_explanation(const cause& row, certainty how, const facts& f) {
  explanation x;
  x.cause = row.name;
  x.certainty = how;
  x.summary = clean(summary_of(row, f), longest_summary);
  x.fix = cleaned(fix_of(row, f));
  x.evidence = cleaned(words::observed(f));
  x.parts = {clean(words::host(f)), clean(words::repository(f)), clean(words::activity(f)), clean(words::user(f)),
             clean(words::token_server(f))};
  return x;
}

std::optional<explanation> failure_in(const facts& f) {
  if (!f.failed) return std::nullopt;
  const auto found = ranked(f);
  const auto& lead = found.front();
  auto x = make_explanation(*lead.row, lead.certainty, f);
  for (std::size_t i = 1; i < found.size(); ++i) {
    // If the specific cause is less certain than the general one, the general one may still be the whole explanation.
    const bool already_covered = is_general_of(*found[i].row, *lead.row) && found[i].certainty >= lead.certainty;
    if (!already_covered) x.alternatives.emplace_back(found[i].row->name);
  }
  return x;
}

// Every exchange is checked against these few rows.
std::vector<const cause*> rows_with_notice() {
  std::vector<const cause*> found;
  for (const auto& row : causes()) {
    if (row.notice != nullptr) found.push_back(&row);
  }
  return found;
}

std::vector<explanation> notices_in(const facts& f) {
  static const auto rows = rows_with_notice();
  std::vector<explanation> all;
  for (const auto* row : rows) {
    if (row->notice(f)) all.push_back(make_explanation(*row, certainty::observed, f));
  }
  return all;
}

}  // namespace

std::optional<explanation> diagnose(const evidence& e) {
  return failure_in(derive(e));
}

findings examine(const evidence& e) {
  const auto f = derive(e);
  return {.failure = failure_in(f), .notices = notices_in(f)};
}

boost::json::object to_json(const explanation& x) {
  boost::json::object object;
  object["cause"] = x.cause;
  object["summary"] = x.summary;
  object["fix"] = texts(x.fix);
  object["evidence"] = texts(x.evidence);
  object["certainty"] = boost::json::string_view(name_of(x.certainty));
  object["alternatives"] = texts(x.alternatives);
  return object;
}

}  // namespace regpass::diagnosis
