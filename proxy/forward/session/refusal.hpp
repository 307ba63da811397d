// Responses of regpass's own to requests that go nowhere: recorded, explained and sent.
#pragma once

#include "diagnosis/present/annotate.hpp"
#include "forward/session/connection.hpp"
#include "regpass/transport/exchange.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace regpass::forward {

// An error that is the client's fault, for evidence.
diagnosis::failed_step client_error(errc code, std::string detail);

// Diagnoses the refusal and records it in metrics, log (as `event`) and history. `status` is 0 where no HTTP response
// is sent.
std::optional<diagnosis::explanation> record_refusal(connection& client, int status, diagnosis::evidence& evidence,
                                                     std::string_view event);
// Records the refusal and returns the response for it.
diagnosis::annotated refusal_response(connection& client, int status, diagnosis::evidence evidence,
                                      std::string_view event);

// Records the refusal and sends it over HTTP/1.1; the connection must be closed after that.
async::task<void> refuse(connection& client, int status, diagnosis::evidence evidence, std::string_view event);
// The same for a request that could not be read. `registry` is empty while the target is unknown. Sends nothing when
// the client is gone.
async::task<void> refuse_unreadable(connection& client, error problem, std::string registry);
// Sends a complete response as that of one exchange; the connection stays open.
async::task<void> respond(transport::downstream& exchange, diagnosis::annotated response);

}  // namespace regpass::forward
