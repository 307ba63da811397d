#include "regpass/diagnosis/warnings.hpp"

#include "diagnosis/causes/facts.hpp"
#include "diagnosis/present/wording.hpp"
#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace regpass::diagnosis {
namespace {

constexpr std::size_t longest_text = 2 * 1024;

// A build and its push may take that long.
constexpr std::chrono::minutes soon{30};

evidence about(const auth::credential_entry& entry, wall_time now) {
  evidence e;
  e.registry = auth::shown_host(entry);
  e.began_at = now;
  e.key = entry.key;
  if (entry.credential) {
    e.source = entry.source;
    e.username = entry.credential->username;
    e.credential_kind = name_of(entry.credential->kind);
  }
  if (!entry.problem.empty()) e.others.push_back({entry.source, entry.key, entry.problem});
  return e;
}

std::string summary(const entry_fault& fault) {
  const auto* row = find_cause(fault.name);
  const auto title = row == nullptr ? std::string(fault.name) : std::string(row->title);
  const auto what = fault.key.empty() ? fault.source : words::quoted(fault.key) + " in " + fault.source;
  return fmt::format("{}: {}{}{}", what, title, fault.detail.empty() ? "" : ": ", fault.detail);
}

// The credential still works, but may not for the next build.
std::string soon_summary(const entry_fault& fault) {
  return fmt::format("{} in {} will expire soon: {}", words::quoted(fault.key), fault.source, fault.detail);
}

explanation make_warning(const entry_fault& fault, const evidence& e, bool is_soon = false) {
  explanation x;
  x.cause = fault.name;
  x.certainty = certainty::observed;
  x.summary = clean(is_soon ? soon_summary(fault) : summary(fault), longest_text);
  const auto* row = find_cause(fault.name);
  auto f = derive(e);
  f.faults = {fault};
  if (row != nullptr) {
    for (const auto& step : fix_of(*row, f)) x.fix.push_back(clean(step, longest_text));
  }
  x.evidence.push_back(x.summary);
  return x;
}

}  // namespace

std::vector<explanation> warnings(const auth::credential_store& store, const std::vector<std::string>& searched,
                                  bool places_are_written, wall_time now) {
  std::vector<explanation> all;
  for (const auto& entry : store.entries) {
    const auto e = about(entry, now);
    auto present = faults_of(e);
    // An unusable entry is worth a warning even if no specific cause is known.
    const bool unusable = !entry.problem.empty() && !entry.credential && !entry.program;
    if (present.empty() && unusable) {
      present.push_back({"credential-undecodable", entry.source, entry.key, entry.problem});
    }
    for (const auto& fault : present) all.push_back(make_warning(fault, e));
    const auto later = about(entry, now + soon);
    for (const auto& fault : faults_of(later)) {
      const bool is_now = std::ranges::count(present, fault.name, &entry_fault::name) > 0;
      if (!is_now) all.push_back(make_warning(fault, later, true));
    }
  }
  evidence files;
  files.searched = searched;
  for (const auto& fault : faults_of(files)) {
    const bool expected = fault.name == "credential-file-missing" && !places_are_written;
    if (!expected) all.push_back(make_warning(fault, files));
  }
  return all;
}

}  // namespace regpass::diagnosis
