// What messages of HTTP/1.1 promise in both directions.
#pragma once

#include "fuzz.hpp"
#include "http/framing.hpp"
#include "http/h1_transcript.hpp"
#include "regpass/http/hop.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass::fuzz {

inline std::vector<std::string_view> cut(std::string_view bytes, std::size_t piece) {
  std::vector<std::string_view> pieces;
  for (; bytes.size() > piece; bytes.remove_prefix(piece)) pieces.push_back(bytes.substr(0, piece));
  pieces.push_back(bytes);
  return pieces;
}

// An error may come at another byte, but what came before it is the same.
template <class Head>
void same_in_pieces(std::string_view bytes, std::string_view method, std::size_t piece) {
  const auto whole = http::test::run<Head>({bytes}, method, true);
  const auto pieces = http::test::run<Head>(cut(bytes, piece), method, true);
  promise(whole.is_error == pieces.is_error, "the same message is good or bad, however it is cut");
  if (whole.is_error) return;
  promise(whole.text == pieces.text, "the same events come, however a message is cut");
  promise(whole.used == pieces.used, "a message ends at the same byte, however it is cut");
}

template <class Head>
void same_when_rewritten(std::string_view bytes, std::string_view method) {
  http::h1_decoder<Head> decoder({}, method);
  const auto event = decoder.next(bytes);
  if (!event || event->what != http::h1_event::kind::head) return;
  promise(event->consumed <= bytes.size(), "no more is consumed than there is");
  const auto text = http::write_head(decoder.head());
  http::h1_decoder<Head> again({}, method);
  const auto second = again.next(text);
  promise(second && second->what == http::h1_event::kind::head, "a head that was written anew can be read");
  promise(http::test::summary(again.head()) == http::test::summary(decoder.head()), "its start line is the same");
  promise(http::test::summary(again.head().headers) == http::test::summary(decoder.head().headers),
          "its fields are the same");
  promise(again.framing().how == decoder.framing().how && again.framing().length == decoder.framing().length,
          "its body is framed as it was");
  auto headers = decoder.head().headers;
  if (!http::strip_hop_by_hop(headers)) return;
  for (const auto* name : {"Connection", "Transfer-Encoding", "Upgrade", "TE", "Proxy-Authorization", "Expect"})
    promise(headers.count(name) == 0, "hop-by-hop fields are gone");
}

}  // namespace regpass::fuzz
