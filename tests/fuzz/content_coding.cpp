// Encoded bodies of refusals, whose first byte chooses the coding.
#include "regpass/http/content_coding.hpp"

#include "fuzz.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(content_coding) {
  constexpr std::size_t cap = 4096;
  if (bytes.empty()) return;
  http::fields head;
  head.add("Content-Encoding", bytes.front() == 'g' ? "gzip" : "deflate");
  const auto out = http::decode_content(head, bytes.substr(1), cap);
  fuzz::promise(!out || out->size() <= cap, "no more comes out than may (P6)");
}
