#include "regpass/explain/diagnose.hpp"

#include "regpass/base/text.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>

namespace regpass::explain {
namespace {

constexpr std::size_t longest_summary = 6 * 1024;  // a path may have 4 KiB
constexpr std::size_t longest_item = 6 * 1024;
constexpr std::size_t most_items = 24;

struct candidate {
  const cause* row;
  explain::certainty certainty;
};

// The last row is the general one: it stands only where none of the others does.
std::vector<candidate> ranked(const facts& f) {
  const auto rows = causes();
  std::vector<candidate> found;
  for (const auto& row : rows.first(rows.size() - 1)) {
    const auto judged = row.judge(f);
    if (judged) found.push_back({&row, *judged});
  }
  // Rows stand in order of precedence.
  std::ranges::sort(found, {}, [](const candidate& c) { return std::pair(c.certainty, c.row); });
  if (found.empty()) found.push_back({&rows.back(), certainty::possible});
  return found;
}

// Words of strangers are in these, and evidence that was just observed need not have been through a log.
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

}  // namespace

std::optional<explanation> diagnose(const evidence& e) {
  const auto f = derive(e);
  if (!f.failed) return std::nullopt;
  const auto found = ranked(f);
  const auto& row = *found.front().row;
  explanation x;
  x.cause = row.name;
  x.certainty = found.front().certainty;
  x.summary = clean(row.summary(f), longest_summary);
  x.fix = cleaned(row.fix(f));
  x.evidence = cleaned(row.observations(f));
  for (std::size_t i = 1; i < found.size(); ++i) x.alternatives.emplace_back(found[i].row->name);
  return x;
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

}  // namespace regpass::explain
