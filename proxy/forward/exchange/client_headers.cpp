#include "forward/exchange/client_headers.hpp"

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
                                       "X-Authenticated-User", "X-Authenticated-Userid", "X-Forwarded",
                                       "X-Request-Method", "X-Request-Url", "X-Request-Path", "X-Context-Path",
                                       "X-Servlet-Path", "X-Sendfile", "Proxy-Client-IP", "WL-Proxy-Client-IP",
                                       "X-Azure-ClientIP", "Ali-CDN-Real-IP", "X-Auth-User", "X-Proxy-User", "Sudo",
                                       "Private-Token", "Job-Token", "Deploy-Token");

constexpr std::array<std::string_view, 33> beginnings{"x-forwarded-",
                                                      "x-forward-",
                                                      "x-original-",
                                                      "x-originating-",
                                                      "x-rewrite-",
                                                      "x-remote-",
                                                      "remote-",
                                                      "x-webauth-",
                                                      "x-envoy-",
                                                      "x-accel-",
                                                      "x-auth-request-",
                                                      "x-ssl-client-",
                                                      "x-jfrog-",
                                                      "x-artifactory-",
                                                      "x-requested-",
                                                      "x-backend-",
                                                      "x-upstream",
                                                      "x-http-",
                                                      "x-target-",
                                                      "impersonate-",
                                                      "x-goog-authenticated-",
                                                      "x-goog-iap-",
                                                      "x-ms-client-principal",
                                                      "x-amzn-oidc-",
                                                      "ssl-client-",
                                                      "client-cert",
                                                      "x-client-cert",
                                                      "x-client-ip",
                                                      "x-pomerium-",
                                                      "x-authentik-",
                                                      "x-authelia-",
                                                      "tailscale-user-",
                                                      "x-client-verify"};

// Gateway interfaces (CGI, WSGI, Rack) take '_' and '-' for the same.
std::string spelled(std::string_view name) {
  auto out = lower(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

constexpr std::array<std::string_view, 9> parameters{
    "-method",         "x-http-method-override", "x-http-method", "x-method-override",
    "method-override", "http-method-override",   "-http-method",  "http-method",
    "httpmethod"};

std::string decoded(std::string_view text) {
  const auto escaped = boost::urls::make_pct_string_view(text);
  const auto name = escaped ? escaped->decode() : std::string(text);
  // PHP reads a name without blanks before it and up to a NUL.
  const auto first = name.find_first_not_of(" +\t");
  return first == std::string::npos ? std::string() : name.substr(first, name.find('\0', first) - first);
}

}  // namespace

bool is_claim_of_origin(std::string_view name) {
  return of_origin.contains(name);
}

bool is_claim_of_request(std::string_view name) {
  const auto known = spelled(name);
  if (of_origin.contains(known) || of_request.contains(known)) return true;
  if (known.find("override") != std::string::npos || known.ends_with("-client-ip")) return true;
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
