#include "forward/record/http_status.hpp"

#include <algorithm>
#include <array>

namespace regpass::forward {

namespace {

struct row {
  errc code;
  int client_request;
  int tunnel;
  int exchange;
};

// For the proxy's own clients: 503 invites a retry, 504 reports a timeout, 502 an unusable response. Never 401: clients
// would send a token request of their own.
constexpr row otherwise{errc::bad_message, 400, 503, 502};
constexpr std::array rows{
    row{errc::denied, 400, 403, 403},      row{errc::too_large, 431, 503, 502},  row{errc::unsupported, 417, 503, 502},
    row{errc::timed_out, 408, 504, 504},   row{errc::unresolved, 400, 503, 503}, row{errc::refused, 400, 503, 503},
    row{errc::unreachable, 400, 503, 503}, row{errc::reset, 400, 503, 503},      row{errc::closed, 400, 503, 503},
    row{errc::cancelled, 400, 503, 503},   row{errc::truncated, 400, 503, 503},
};

}  // namespace

int http_status_for(const error& problem, failed_operation operation) noexcept {
  const auto* found = std::ranges::find(rows, problem.code, &row::code);
  const auto& status = found == rows.end() ? otherwise : *found;
  if (operation == failed_operation::client_request) return status.client_request;
  if (operation == failed_operation::tunnel) return status.tunnel;
  // A response that broke off is unusable; before its first byte the request can simply be repeated.
  const bool broke_off = problem.code == errc::truncated && problem.answer_started;
  return broke_off ? otherwise.exchange : status.exchange;
}

}  // namespace regpass::forward
