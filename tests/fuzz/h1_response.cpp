// Responses of HTTP/1.1 to several methods (T16).
#include "h1.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(h1_response) {
  constexpr std::string_view methods[] = {"GET", "HEAD", "CONNECT", "PUT"};
  const auto method = methods[fuzz::take(bytes) % 4];
  const auto piece = fuzz::take(bytes) % 7 + 1U;
  fuzz::same_in_pieces<http::response_head>(bytes, method, piece);
  fuzz::same_when_rewritten<http::response_head>(bytes, method);
}
