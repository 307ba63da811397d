// Writes the outcome of an exchange to the client: the registry's response, or an error that explains itself.
#pragma once

#include "diagnosis/present/annotate.hpp"
#include "forward/exchange/exchange_runner.hpp"
#include "forward/exchange/upstream_call.hpp"

#include <optional>

namespace regpass::forward {

class answer_writer {
 public:
  answer_writer(const exchange_request& request, const http::request_head& asked, transport::downstream& down,
                upstream_call& call, recorder& notes)
      : request_(request), asked_(asked), down_(down), call_(call), notes_(notes) {}

  // The response as it came, but for its hop-by-hop fields and references. False if it could not be written.
  async::task<bool> relay(http::response_head head, const forward::relay& order);
  // `reason` is null if the client is not to be told.
  async::task<void> write_error(int status, const diagnosis::explanation* reason, diagnosis::refused_answer original);
  async::task<void> write_postponed(int status, const diagnosis::explanation& reason);

  // The registry's refusal as what `write_error` builds on.
  diagnosis::refused_answer refused_answer(http::response_head head, std::optional<std::string> body) const;

 private:
  async::task<void> relay_refusal(http::response_head head);
  async::task<void> write(http::response_head head, std::string_view body);
  facade shown_as() const;

  const exchange_request& request_;
  const http::request_head& asked_;
  transport::downstream& down_;
  upstream_call& call_;
  recorder& notes_;
};

}  // namespace regpass::forward
