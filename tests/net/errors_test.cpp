#include "net/errors.hpp"

#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

#include <cerrno>

namespace regpass::net {
namespace {

namespace ae = boost::asio::error;
using boost::system::error_code;

error_code of_system(int number) {
  return {number, boost::system::system_category()};
}

TEST_CASE("Boost's error codes are mapped to ours") {
  struct row {
    error_code theirs;
    errc ours;
  };
  const auto one = GENERATE(values<row>({
      {ae::eof, errc::truncated},
      {ae::operation_aborted, errc::cancelled},
      {ae::bad_descriptor, errc::cancelled},
      {ae::connection_reset, errc::reset},
      {ae::connection_aborted, errc::reset},
      {ae::broken_pipe, errc::reset},
      {ae::connection_refused, errc::refused},
      {ae::host_not_found, errc::unresolved},
      {ae::host_not_found_try_again, errc::unresolved},
      {ae::no_data, errc::unresolved},
      {ae::no_recovery, errc::unresolved},
      {ae::network_unreachable, errc::unreachable},
      {ae::host_unreachable, errc::unreachable},
      {ae::timed_out, errc::timed_out},
      {of_system(EMFILE), errc::io},
      {of_system(EACCES), errc::io},
  }));
  INFO(one.theirs.message());
  CHECK(to_error(one.theirs, phase::connect, party::registry).code == one.ours);
}

TEST_CASE("An error has the party, the phase and the operating system's message") {
  const auto made = to_error(of_system(ECONNREFUSED), phase::connect, party::token_server);
  CHECK(made.who == party::token_server);
  CHECK(made.when == phase::connect);
  CHECK(made.os == ECONNREFUSED);
  CHECK(made.detail == of_system(ECONNREFUSED).message());
  CHECK_FALSE(made.answer_started);
}

TEST_CASE("A given detail is kept, and a resolver's code is not treated as an errno") {
  const auto made = to_error(ae::host_not_found, phase::resolve, party::registry, "registry.test: no such name");
  CHECK(made.detail == "registry.test: no such name");
  CHECK(made.os == 0);
}

}  // namespace
}  // namespace regpass::net
