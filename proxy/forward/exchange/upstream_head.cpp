#include "forward/exchange/upstream_head.hpp"

#include "forward/exchange/client_headers.hpp"
#include "forward/record/id.hpp"
#include "regpass/http/hop.hpp"

namespace regpass::forward {

namespace {

// Host, Via and Authorization; most tokens are longer than all the rest.
constexpr std::size_t our_fields = 3;
constexpr std::size_t our_bytes = 256;

}  // namespace

result<http::request_head> upstream_head(const http::request_head& client, const target& to, bool keep_authorization) {
  http::request_head head;
  head.method = client.method;
  head.target = client.target;
  head.minor = client.minor;
  head.headers.reserve(client.headers.size() + our_fields, client.headers.bytes() + our_bytes);
  for (const auto one : client.headers) {
    const bool claim = keep_authorization ? is_claim_of_origin(one.name) : is_claim_of_request(one.name);
    if (!claim) head.headers.add(one.name, one.value);
  }
  auto stripped = http::strip_hop_by_hop(head.headers);
  if (!stripped) return std::unexpected(stripped.error());
  if (!keep_authorization) head.headers.erase("Authorization");
  head.headers.set("Host", http::authority(to.origin));
  http::add_via(head.headers, pseudonym());
  return head;
}

void downstream_head(http::response_head& head, bool served) {
  // A registry's nomination of end-to-end fields would have us strip them; it is ignored, and only Connection itself
  // goes.
  if (!http::strip_hop_by_hop(head.headers)) head.headers.erase("Connection");
  if (served) head.headers.erase("WWW-Authenticate");
}

}  // namespace regpass::forward
