#include "forward/record/http_status.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <tuple>
#include <utility>

using namespace regpass;
using namespace regpass::forward;

namespace {

int status_of(errc code, failed_operation operation, bool answer_started = false) {
  return http_status_for(error(code, party::registry, phase::head, "", 0, answer_started), operation);
}

}  // namespace

TEST_CASE("Each failure has one status for each operation that it ends") {
  const auto [code, request, tunnel, exchange] = GENERATE(table<errc, int, int, int>({
      {errc::bad_message, 400, 503, 502},
      {errc::too_large, 431, 503, 502},
      {errc::unsupported, 417, 503, 502},
      {errc::timed_out, 408, 504, 504},
      {errc::denied, 400, 403, 403},
      {errc::unresolved, 400, 503, 503},
      {errc::refused, 400, 503, 503},
      {errc::unreachable, 400, 503, 503},
      {errc::reset, 400, 503, 503},
      {errc::closed, 400, 503, 503},
      {errc::cancelled, 400, 503, 503},
      {errc::truncated, 400, 503, 503},
      {errc::untrusted, 400, 503, 502},
      {errc::tls_failed, 400, 503, 502},
      {errc::io, 400, 503, 502},
  }));
  INFO(name_of(code));
  CHECK(status_of(code, failed_operation::client_request) == request);
  CHECK(status_of(code, failed_operation::tunnel) == tunnel);
  CHECK(status_of(code, failed_operation::exchange) == exchange);
}

TEST_CASE("A response that broke off after its first byte is unusable: 502") {
  CHECK(status_of(errc::truncated, failed_operation::exchange, true) == 502);
  CHECK(status_of(errc::reset, failed_operation::exchange, true) == 503);
}

TEST_CASE("No failure is answered 401, which would start a client's own token request") {
  for (int code = 0; code <= std::to_underlying(errc::io); ++code) {
    for (const auto operation :
         {failed_operation::client_request, failed_operation::tunnel, failed_operation::exchange}) {
      CHECK(status_of(static_cast<errc>(code), operation) != 401);
    }
  }
}
