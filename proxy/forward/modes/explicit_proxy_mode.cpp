#include "forward/modes/explicit_proxy_mode.hpp"

#include "forward/modes/proxied_request.hpp"
#include "forward/session/client_auth.hpp"
#include "forward/session/refusal.hpp"
#include "regpass/net/listener.hpp"

namespace regpass::forward {

namespace {

constexpr std::string_view password_remedy =
    "give it the password that [client_auth] secret_file holds, in its proxy variables: "
    "http://user:PASSWORD@HOST:PORT";

// Whether the client may use the proxy; if not, it has been refused and the connection is over.
async::task<bool> admit(connection& client, const http::request_head& head) {
  const auto snapshot = client.context.shared.current();
  const auto authenticated = authenticate(head.headers, snapshot->client_password.get());
  if (authenticated) {
    const bool sent_accept_encoding = client.traits.sent_accept_encoding;
    client.traits = snapshot->client_password ? traits_of(head) : client_traits();
    client.traits.sent_accept_encoding = sent_accept_encoding;
    co_return true;
  }
  auto rewritable = head;  // parse_proxy_target rewrites it
  const auto to = parse_proxy_target(rewritable);
  auto evidence = client.evidence_for(head, to ? &*to : nullptr);
  diagnosis::add(evidence, 0, diagnosis::policy_step(authenticated.error().detail, std::string(password_remedy)));
  co_await refuse(client, 407, std::move(evidence), "client-rejected");
  co_return false;
}

async::task<bool> serve_next(connection& client, transport::h1_server& server) {
  auto received = co_await server.next();
  if (!received) {
    co_await refuse_unreadable(client, received.error(), std::string());
    co_return false;
  }
  auto admitted = co_await admit(client, server.head());
  if (!admitted) co_return false;
  auto more = co_await serve_proxy_request(client, server, server.head());
  co_return more;
}

}  // namespace

result<std::vector<listen_point>> explicit_proxy_mode::plan(const options::listen_options& listen,
                                                            const std::vector<mirror_options>& /*mirrors*/) {
  std::vector<listen_point> points;
  if (listen.proxy.empty()) return points;
  const auto at = net::parse_endpoint(listen.proxy);
  if (!at) return std::unexpected(at.error());
  points.push_back({std::make_shared<explicit_proxy_mode>(), *at});
  return points;
}

async::task<void> explicit_proxy_mode::serve(connection& client) const {
  transport::h1_server server(*client.stream, client.context.bounds, client.timer);
  for (bool more = true; more;) {
    co_await server.wait();
    more = co_await serve_next(client, server);
  }
}

}  // namespace regpass::forward
