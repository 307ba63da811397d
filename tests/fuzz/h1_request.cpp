// Requests of HTTP/1.1: pieces do not matter, and what is written anew is read as the same (T17).
#include "h1.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(h1_request) {
  const auto piece = fuzz::take(bytes) % 7 + 1U;
  fuzz::same_in_pieces<http::request_head>(bytes, "GET", piece);
  fuzz::same_when_rewritten<http::request_head>(bytes, "GET");
}
