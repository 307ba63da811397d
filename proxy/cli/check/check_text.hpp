// What a checkup says of an exchange. Pure.
#pragma once

#include "cli/check/check.hpp"
#include "regpass/diagnosis/evidence.hpp"

#include <string>
#include <vector>

namespace regpass::cli {

// The details below a request: challenge, realm, what was asked of the token server against what it granted. `told` is
// the realm that was told of with an earlier request, and is not again.
std::vector<check_step> details_of(const diagnosis::evidence&, std::string& told);

// Where the client is sent by the answer, a 3xx; empty: nowhere.
std::string redirected_to(const diagnosis::evidence&);

struct probe_verdict {
  bool fine = false;
  std::string text;  // empty: the exchange's own explanation says it all
};

// What the DELETE of a manifest that cannot exist was answered, and what that proves.
probe_verdict judge_deletion(const diagnosis::evidence&);
// What the mount of a blob of `source` was answered.
probe_verdict judge_mount(const diagnosis::evidence&, const std::string& source);

}  // namespace regpass::cli
