// The first bytes of a captured connection: TLS, HTTP, or neither (T20).
#include "tls/client_hello.hpp"

#include "forward/modes/redirected.hpp"
#include "fuzz.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(client_hello) {
  using kind = tls::first_bytes::kind;
  const auto cut = fuzz::take(bytes) * bytes.size() / 256;
  const auto whole = tls::peek_client_hello(bytes);
  const auto part = tls::peek_client_hello(bytes.substr(0, cut));
  fuzz::promise(part.what == kind::need_more || part.what == whole.what, "more bytes do not change what was said");
  fuzz::promise(part.what != kind::hello || part.hello.server_name == whole.hello.server_name, "nor the name");
  fuzz::promise(whole.what != kind::need_more || bytes.size() < tls::most_first_bytes, "it is said at last (P6)");
  const auto first = forward::detect_protocol(bytes);
  const bool tls = first.what == forward::detected_protocol::kind::tls;
  fuzz::promise(tls == (whole.what == kind::hello), "both read it alike");
  if (!tls) return;
  const forward::net_endpoint original(boost::asio::ip::make_address("192.0.2.1"), 443);
  const auto to = forward::redirected_tls(first.hello, original);
  fuzz::promise(to.origin.port == 443 && !to.origin.host.empty(), "a target has a host, and the port that was dialled");
  fuzz::promise(to.origin.host.find_first_of(" \r\n/@:") == std::string::npos, "a host is a name or an IPv4 address");
}
