#include "diagnosis/causes/causes.hpp"

#include "diagnosis/causes/predicates.hpp"
#include "diagnosis/causes/tables.hpp"
#include "diagnosis/present/failure_wording.hpp"
#include "diagnosis/present/wording.hpp"

#include <algorithm>
#include <array>

namespace regpass::diagnosis {
namespace {

// What is left: the client went away, something of ours failed, or nothing that the table knows.
namespace unexplained {

bool client_left(const facts& f) {
  return f.failure != nullptr && f.failure->problem.who == party::client;
}

std::string how_it_ended(const error& e) {
  const auto detail = failure_words::detail(e);
  return detail.empty() ? ": " + std::string(name_of(e.code)) : detail;
}

judgement judge(const facts&) {
  return certainty::possible;
}

std::string summary(const facts& f) {
  using namespace words;
  if (client_left(f)) {
    return host(f) + ": the client aborted " + activity(f) + how_it_ended(f.failure->problem);
  }
  auto text = host(f) + ": " + activity(f) + " " + identity(f) + " failed";
  if (f.seen->status != 0) text += " with status " + std::to_string(f.seen->status);
  return text + (f.failure == nullptr ? ", no known cause matches" : how_it_ended(f.failure->problem));
}

std::vector<std::string> fix(const facts& f) {
  if (client_left(f)) return {"Check the client's own output: the client or its environment ended the request"};
  std::vector<std::string> steps;
  words::advise_check(f, steps);
  return steps;
}

}  // namespace unexplained

constexpr std::array<cause, 1> general_causes{{
    {.name = "unexplained",
     .title = "No known cause matches",
     .judge = unexplained::judge,
     .summary = unexplained::summary,
     .fix = unexplained::fix,
     .fix_text = "Examine the handshake step by step: regpass check REFERENCE, or regpass explain LOG\n"
                 "If the client disconnected, check its own output",
     .doc = {.seen = "What was observed matches none of the known patterns, or the client disconnected.",
             .why = "Registries change, and not every failure has a known cause. The explanation still shows what was "
                    "requested, with which credential, what was granted and who refused.",
             .apart = "Read the handshake step by step and check who sent the last answer.",
             .look_alikes = ""}},
}};

std::vector<cause> joined() {
  std::vector<cause> all;
  // Special forms first: of equally certain causes the first one leads.
  for (const auto family :
       {file_causes(), entry_causes(), refusal_causes(), cloud_causes(), product_causes(), exchange_causes(),
        token_server_causes(), hub_causes(), wire_causes(), notice_causes(), policy_causes(), credential_causes(),
        token_causes(), proxy_causes(), upstream_causes(), registry_causes(), std::span<const cause>(general_causes)}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

}  // namespace

std::string_view name_of(certainty how) noexcept {
  switch (how) {
    case certainty::observed:
      return "observed";
    case certainty::likely:
      return "likely";
    case certainty::possible:
      return "possible";
  }
  return "unknown";
}

std::span<const cause> causes() noexcept {
  static const auto all = joined();
  return all;
}

const cause* find_cause(std::string_view name) noexcept {
  const auto found = std::ranges::find(causes(), name, &cause::name);
  return found == causes().end() ? nullptr : &*found;
}

std::string summary_of(const cause& row, const facts& f) {
  return row.summary != nullptr ? row.summary(f) : words::fill_template(row.summary_text, f, fault_of(row.name, f));
}

std::vector<std::string> fix_of(const cause& row, const facts& f) {
  if (row.fix != nullptr) return row.fix(f);
  std::vector<std::string> steps;
  for (auto text = row.fix_text; !text.empty();) {
    const auto end = std::min(text.find('\n'), text.size());
    auto filled = words::fill_template(text.substr(0, end), f, fault_of(row.name, f));
    if (!filled.empty()) steps.push_back(std::move(filled));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return steps;
}

}  // namespace regpass::diagnosis
