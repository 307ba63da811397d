// Chunk framing, and the same data framed anew (T17).
#include "h1.hpp"

using namespace regpass;

namespace {

constexpr std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

struct body {
  std::string data;
  http::fields trailers;
  bool complete = false;
};

body read(std::string_view chunks) {
  const auto message = std::string(head) + std::string(chunks);
  http::h1_decoder<http::request_head> decoder;
  body made;
  for (std::string_view left = message;;) {
    const auto event = decoder.next(left);
    if (!event || event->what == http::h1_event::kind::need_more) return made;
    left.remove_prefix(event->consumed);
    if (event->what == http::h1_event::kind::data) made.data += event->data;
    if (event->what != http::h1_event::kind::end) continue;
    made.trailers = decoder.trailers();
    made.complete = true;
    return made;
  }
}

}  // namespace

REGPASS_FUZZ_TARGET(chunked) {
  const auto piece = fuzz::take(bytes) % 7 + 1U;
  fuzz::same_in_pieces<http::request_head>(std::string(head) + std::string(bytes), "GET", piece);
  const auto first = read(bytes);
  if (!first.complete) return;
  auto anew = first.data.empty() ? std::string() : http::chunk_prefix(first.data.size()) + first.data;
  if (!first.data.empty()) anew += http::chunk_suffix;
  const auto second = read(anew + http::last_chunk(first.trailers));
  fuzz::promise(second.complete, "chunks that were written anew can be read");
  fuzz::promise(second.data == first.data, "the data is the same");
  fuzz::promise(http::test::summary(second.trailers) == http::test::summary(first.trailers), "so are the trailers");
}
