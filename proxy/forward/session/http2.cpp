#include "forward/session/http2.hpp"

#include "forward/session/interception.hpp"
#include "forward/session/refusal.hpp"

namespace regpass::forward {

async::task<void> serve_http2(connection& client, transport::h2_server::handler serve_stream, const target* to) {
  transport::h2_server server(*client.stream, client.context.bounds);
  auto ended = co_await server.run(std::move(serve_stream));
  if (to && ended.code == errc::distrusted) report_rejected_tls(client, *to, ended);
  const bool hostile = ended.code == errc::bad_message || ended.code == errc::too_large;
  if (!hostile) co_return;
  ended.who = party::client;
  auto evidence = client.evidence_for(http::request_head(), to);
  diagnosis::add(evidence, 0, diagnosis::failed_step{std::move(ended)});
  record_refusal(client, 400, evidence, "client-rejected");
}

}  // namespace regpass::forward
