// Whether a request may go upstream, and as what: its operation, its head and its credential. Nothing is sent yet.
#pragma once

#include "forward/exchange/exchange_runner.hpp"
#include "forward/record/recorder.hpp"
#include "regpass/auth/choice.hpp"
#include "regpass/registry/operation.hpp"

#include <optional>
#include <string>

namespace regpass::forward {

struct admission {
  int refused_status = 0;                          // 0: the request is allowed
  std::optional<registry::operation> operation{};  // absent: not an API request, so it gets no credential
  http::request_head head{};                       // to send, without Authorization if regpass adds its own
  auth::choice choice{};
  std::string mount_refusal{};  // why policy forbids the mount; empty: it does not
};

// `asked` is the request's head as the registry is to see it. The reasons for a refusal are recorded.
admission admit(const worker_context& around, const exchange_request& request, const http::request_head& asked,
                recorder& notes);

auth::wanted wanted_for(const exchange_request& request, const registry::operation& operation);
// Records which credential was chosen.
void note_choice(const exchange_request& request, const auth::choice& choice, const http::request_head& asked,
                 recorder& notes);

}  // namespace regpass::forward
