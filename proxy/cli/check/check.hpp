// `regpass check`: the handshake that `serve` would do, done now, with every step told.
#pragma once

#include "regpass/config/load.hpp"
#include "regpass/forward/history.hpp"
#include "regpass/registry/reference.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace regpass::cli {

struct check_request {
  registry::reference what;  // without a repository: the registry alone
  bool push = false;         // an upload is opened and cancelled
  bool remove = false;       // the deletion of a random digest, which is none of a manifest that exists
  // A blob of this repository at the same registry is mounted into what is checked.
  std::optional<registry::reference> mount_from{};
  bool mount_tag_written = false;  // else, when the reference's own tag is not there, any tag does
};

// Reads REPO, REPO:TAG or REPO@DIGEST, with or without the registry's name. Errors: bad_input.
result<void> mount_source(check_request& into, std::string_view text);

struct check_step {
  std::string name;  // two blanks before it: a detail of the step above
  std::string text;
  bool fine = true;
  std::int64_t ms = -1;  // negative: not measured
};

struct checkup {
  std::vector<check_step> steps;
  std::vector<forward::exchange_record> exchanges;
  bool works = true;
};

// Errors are of our own side only (a CA file that cannot be read); what a registry refuses is a step.
result<checkup> run_check(const config::loaded&, const config::inputs&, const check_request&);

}  // namespace regpass::cli
