#include "regpass/explain/causes.hpp"

#include "explain/failure_words.hpp"
#include "explain/families.hpp"
#include "explain/signs.hpp"
#include "explain/words.hpp"

#include <array>

namespace regpass::explain {
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
    return host(f) + ": the client broke " + activity(f) + " off" + how_it_ended(f.failure->problem);
  }
  auto text = host(f) + ": " + activity(f) + " " + identity(f) + " failed";
  if (f.seen->status != 0) text += " with status " + std::to_string(f.seen->status);
  return text + (f.failure == nullptr ? ", no known cause fits" : how_it_ended(f.failure->problem));
}

std::vector<std::string> fix(const facts& f) {
  if (client_left(f)) return {"Look at the client's own output: it ended the request, or what it runs on did"};
  std::vector<std::string> steps;
  words::advise_check(f, steps);
  return steps;
}

}  // namespace unexplained

constexpr std::array<cause, 1> general_causes{{
    {"unexplained", "No known cause fits", unexplained::judge, unexplained::summary, unexplained::fix, words::observed},
}};

std::vector<cause> joined() {
  std::vector<cause> all;
  for (const auto family : {policy_causes(), credential_causes(), token_causes(), proxy_causes(), upstream_causes(),
                            registry_causes(), std::span<const cause>(general_causes)}) {
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

}  // namespace regpass::explain
