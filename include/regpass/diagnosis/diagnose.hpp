// From evidence to the explanation that people read. Pure, total, the same in `serve` and offline.
#pragma once

#include "diagnosis/causes/causes.hpp"
#include "regpass/diagnosis/evidence.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::diagnosis {

struct explanation {
  // Names as they stand in the summary, for whoever has to make it shorter; empty where unknown.
  struct names {
    std::string host;
    std::string repository;
    std::string activity;  // "the push to team-a/app"
    std::string user;
    std::string token_server;
  };

  std::string cause;
  std::string summary;
  std::vector<std::string> fix;
  std::vector<std::string> evidence;
  diagnosis::certainty certainty = certainty::possible;
  std::vector<std::string> alternatives;  // names of other causes that the evidence cannot rule out
  names parts{};
};

// Nothing when nothing went wrong: a 404 for a manifest or blob that is not there is an answer, not a failure.
std::optional<explanation> diagnose(const evidence&);

// The cause of a notice: a public image was pulled without the credential, which was refused.
inline constexpr std::string_view passed_over = "credential-spoils-public-pull";

struct findings {
  std::optional<explanation> failure;  // as `diagnose`
  // What is worth saying of an exchange whether or not it failed: less was granted than asked, a mount became an
  // upload, a rate limit is nearly used up.
  std::vector<explanation> notices;
};
findings examine(const evidence&);

boost::json::object to_json(const explanation&);

}  // namespace regpass::diagnosis
