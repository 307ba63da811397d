#include "auth/backoff.hpp"

#include <catch2/catch.hpp>

namespace regpass::auth {
namespace {

using kind = token_failure::kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

milliseconds held(kind what, double random, std::optional<seconds> retry_after = std::nullopt) {
  token_failure failure;
  failure.what = what;
  failure.retry_after = retry_after;
  return hold_off(failure, random);
}

}  // namespace

TEST_CASE("T14: refusals are remembered for seconds, trouble for one, and not all of them for the same time") {
  for (const auto what : {kind::rejected, kind::forbidden}) {
    CHECK(held(what, 0) == seconds(10));
    CHECK(held(what, 0.5) == milliseconds(8'750));
    CHECK(held(what, 0.999) < milliseconds(7'600));
  }
  for (const auto what : {kind::busy, kind::no_token, kind::transport}) {
    CHECK(held(what, 0) == seconds(1));
    CHECK(held(what, 0.999) < milliseconds(760));
    CHECK(held(what, 0.999) >= milliseconds(750));
  }
  CHECK(held(kind::wrong_form, 0) == seconds(0));
  token_failure bad_request;
  bad_request.what = kind::wrong_form;
  bad_request.status = 400;
  CHECK(hold_off(bad_request, 0) == seconds(10));  // R5: it may be a verdict on the password
}

TEST_CASE("T14: a time that the server names is waited for, in full and within bounds") {
  CHECK(held(kind::busy, 0, seconds(20)) == seconds(20));
  CHECK(held(kind::busy, 0.5, seconds(20)) == seconds(21));
  CHECK(held(kind::busy, 0, seconds(0)) == seconds(1));
  CHECK(held(kind::busy, 0.9, seconds(86'400)) == seconds(60));
  CHECK(held(kind::rejected, 0, seconds(2)) == seconds(10));
  CHECK(held(kind::wrong_form, 0, seconds(20)) == seconds(0));
}

}  // namespace regpass::auth
