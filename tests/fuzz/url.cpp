// Request targets and references: what a proxy is asked for, and what answers refer to (T03, T05, T11).
#include "forward/modes/target.hpp"
#include "fuzz.hpp"
#include "regpass/http/origin.hpp"

#include <string>

using namespace regpass;

namespace {

bool is_word(std::string_view text) {
  return text.find_first_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos;
}

void check(const http::origin& origin) {
  fuzz::promise(origin.scheme == "http" || origin.scheme == "https", "a scheme is one of two");
  fuzz::promise(!origin.host.empty() && is_word(origin.host) && origin.port != 0, "an origin has host and port");
  fuzz::promise(origin.host.find_first_of("/@?#") == std::string::npos, "a host is nothing but a host");
  const auto again = http::parse_authority(http::authority(origin), http::default_port(origin.scheme));
  fuzz::promise(again && again->host == origin.host && again->port == origin.port, "its text is the same origin");
}

}  // namespace

REGPASS_FUZZ_TARGET(url) {
  http::request_head head;
  const bool connect = fuzz::take(bytes) % 2 == 0;
  head.method = connect ? "CONNECT" : "GET";
  head.target = bytes;
  if (const auto asked = forward::parse_proxy_target(head)) {
    check(asked->origin);
    fuzz::promise(connect || head.target.starts_with('/'), "an absolute form becomes the origin form");
  }
  if (const auto url = http::parse_absolute(bytes)) {
    check(url->origin);
    fuzz::promise(url->target.starts_with('/') && is_word(url->target), "a target is a path");
  }
  const http::absolute_url base{{"https", "registry.test", 443}, "/v2/a/blobs/uploads/"};
  if (const auto url = http::resolve(base, bytes)) {
    check(url->origin);
    fuzz::promise(url->target.starts_with('/') && is_word(url->target), "a resolved target is a path");
  }
}
