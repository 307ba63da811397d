#include "client_claims.hpp"

#include "regpass/base/text.hpp"
#include "regpass/http/field_names.hpp"

#include <boost/url/pct_string_view.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace regpass::forward {
namespace {

constexpr http::field_names of_origin("X-Registry-Auth", "X-Registry-Config", "Forwarded", "X-Forwarded-For",
                                      "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP");

constexpr http::field_names of_request("X-HTTP-Method", "X-Method", "X-Host", "X-Http-Host", "X-Url", "X-Uri", "X-Path",
                                       "X-Request-Uri", "Request-Uri", "X-Base-Url", "X-Proxy-Url", "X-Script-Name",
                                       "X-Scheme", "X-Url-Scheme", "X-Http-Destinationurl", "X-Arbitrary-Path",
                                       "Base-Url", "Proxy-Host", "Proxy-Url", "Destination", "Front-End-Https", "X-Ssl",
                                       "X-Client-IP", "Client-IP", "True-Client-IP", "X-True-IP", "X-Cluster-Client-IP",
                                       "CF-Connecting-IP", "Fastly-Client-IP", "X-ProxyUser-Ip", "X-User", "X-Username",
                                       "X-Authenticated-User", "X-Authenticated-Userid", "X-Forwarded");

constexpr std::array<std::string_view, 12> beginnings{"x-forwarded-", "x-forward-", "x-original-",     "x-originating-",
                                                      "x-rewrite-",   "x-remote-",  "remote-",         "x-webauth-",
                                                      "x-envoy-",     "x-accel-",   "x-auth-request-", "x-ssl-client-"};

// Gateway interfaces (CGI, WSGI, Rack) take '_' and '-' for the same.
std::string spelled(std::string_view name) {
  auto out = lower(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

constexpr std::array<std::string_view, 6> parameters{"-method",         "x-http-method-override",
                                                     "x-http-method",   "x-method-override",
                                                     "method-override", "http-method-override"};

std::string decoded(std::string_view text) {
  const auto escaped = boost::urls::make_pct_string_view(text);
  return escaped ? escaped->decode() : std::string(text);
}

}  // namespace

bool is_claim_of_origin(std::string_view name) {
  return of_origin.contains(name);
}

bool is_claim_of_request(std::string_view name) {
  const auto known = spelled(name);
  if (of_origin.contains(known) || of_request.contains(known)) return true;
  if (known.find("override") != std::string::npos) return true;
  return std::ranges::any_of(beginnings, [&](std::string_view one) { return known.starts_with(one); });
}

std::string_view claim_in_query(std::string_view target) {
  auto rest = target.substr(std::min(target.find('?'), target.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);  // '?' or '&'
    const auto one = rest.substr(0, std::min(rest.find('&'), rest.size()));
    const auto name = one.substr(0, std::min(one.find('='), one.size()));
    const auto known = spelled(decoded(name));
    const bool claims = std::ranges::find(parameters, known) != parameters.end();
    if (claims) return name;
    rest.remove_prefix(one.size());
  }
  return {};
}

}  // namespace regpass::forward
