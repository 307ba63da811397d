#include "net/errors.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>

namespace regpass::net {

namespace {

errc code_of(const boost::system::error_code& ec) {
  namespace ae = boost::asio::error;
  if (ec == ae::eof) return errc::truncated;
  if (ec == ae::operation_aborted || ec == ae::bad_descriptor) return errc::cancelled;
  if (ec == ae::connection_reset || ec == ae::broken_pipe || ec == ae::connection_aborted) return errc::reset;
  if (ec == ae::connection_refused) return errc::refused;
  if (ec == ae::host_not_found || ec == ae::host_not_found_try_again || ec == ae::no_data || ec == ae::no_recovery) {
    return errc::unresolved;
  }
  if (ec == ae::network_unreachable || ec == ae::host_unreachable) return errc::unreachable;
  if (ec == ae::timed_out) return errc::timed_out;
  return errc::io;
}

}  // namespace

error to_error(const boost::system::error_code& ec, phase when, party who, std::string detail) {
  error result{
      .code = code_of(ec), .who = who, .when = when, .detail = std::move(detail), .os = 0, .answer_started = false};
  if (ec.category() == boost::system::system_category()) result.os = ec.value();
  if (result.detail.empty()) result.detail = ec.message();
  return result;
}

}  // namespace regpass::net
