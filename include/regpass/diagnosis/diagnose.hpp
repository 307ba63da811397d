// From evidence to an explanation for people. Pure and total; the same in `serve` and offline.
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
  // The names that the summary contains, for shortening it; empty where unknown.
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

// Nothing when nothing went wrong: a 404 for a missing manifest or blob is an answer, not a failure.
std::optional<explanation> diagnose(const evidence&);

// The cause of a notice: the credential was refused, and a public image was pulled without it.
inline constexpr std::string_view passed_over = "credential-spoils-public-pull";

struct findings {
  std::optional<explanation> failure;  // as `diagnose`
  // Worth a notice whether or not the exchange failed: less was granted than requested, a mount became an upload, a
  // rate limit is almost exhausted.
  std::vector<explanation> notices;
};
findings examine(const evidence&);

boost::json::object to_json(const explanation&);

}  // namespace regpass::diagnosis
