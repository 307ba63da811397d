#include "regpass/http/hop.hpp"

#include "regpass/base/text.hpp"
#include "regpass/http/field_names.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace regpass::http {
namespace {

constexpr field_names hop_by_hop("Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate",
                                 "Proxy-Authorization", "Proxy-Authentication-Info", "TE", "Trailer",
                                 "Transfer-Encoding", "Upgrade", "Expect");

constexpr field_names end_to_end("Host", "Content-Length", "Content-Type", "Authorization", "Cache-Control", "Range",
                                 "WWW-Authenticate");

constexpr field_names in_trailers("Digest", "Content-Digest", "Repr-Digest", "Content-MD5", "Checksum", "Server-Timing",
                                  "X-Amz-Trailer-Signature", "Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin");
constexpr std::string_view checksum_of_s3 = "x-amz-checksum-";

}  // namespace

fields allowed_trailers(const fields& given) {
  fields kept;
  for (const auto trailer : given) {
    const bool checksum = iequals(trailer.name.substr(0, checksum_of_s3.size()), checksum_of_s3);
    if (checksum || in_trailers.contains(trailer.name)) kept.add(trailer.name, trailer.value);
  }
  return kept;
}

result<void> strip_hop_by_hop(fields& headers) {
  const auto tokens = headers.tokens("Connection");
  const std::vector<std::string> nominated(tokens.begin(), tokens.end());  // the views die with the first erase
  const auto bad = std::ranges::find_if(nominated, [](const auto& name) { return end_to_end.contains(name); });
  if (bad != nominated.end())
    return fail(errc::bad_message, "Connection nominates " + *bad + ", which must not be stripped");
  for (const auto& name : nominated) headers.erase(name);
  headers.erase_if([](std::string_view name) { return hop_by_hop.contains(name); });
  return {};
}

void add_via(fields& headers, std::string_view pseudonym) {
  std::string value("1.1 ");
  headers.add("Via", value.append(pseudonym));
}

bool came_via(const fields& headers, std::string_view pseudonym) {
  return std::ranges::any_of(headers.tokens("Via"), [&](std::string_view hop) {
    const auto by = trim(hop.substr(std::min(hop.find_first_of(" \t"), hop.size())));  // behind the protocol
    return by.substr(0, by.find_first_of(" \t")) == pseudonym;                         // a comment may follow
  });
}

result<bool> expects_continue(const request_head& head) {
  const auto expectations = head.headers.all("Expect");
  for (const auto value : expectations) {
    if (!iequals(value, "100-continue")) return fail(errc::unsupported, "Expect: " + clean(value));
  }
  return !expectations.empty() && head.minor >= 1;  // 1.0 does not know 1xx (RFC 9110 section 10.1.1)
}

}  // namespace regpass::http
