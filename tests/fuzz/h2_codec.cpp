// HTTP/2 frames into a codec, as a server and as a client (T18, T21).
#include "regpass/http/h2_codec.hpp"

#include "fuzz.hpp"

#include <chrono>
#include <string>

using namespace regpass;

namespace {

constexpr std::size_t most_output = 1 << 20U;

// Names and values must be fit for HTTP/1.1, where they will be written.
void check(const http::fields& headers) {
  for (const auto& one : headers) {
    fuzz::promise(one.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a value is one line");
    fuzz::promise(!one.name.empty() && one.name.find_first_of(" :\r\n") == std::string::npos, "a name is one word");
  }
}

void check(const http::request_head& head) {
  fuzz::promise(head.target.find_first_of(std::string_view(" \r\n\0", 4)) == std::string::npos, "a target is one word");
  fuzz::promise(head.method.find_first_of(" \r\n") == std::string::npos, "a method is one word");
  fuzz::promise(head.headers.count("Host") <= 1, "there is one host");
  check(head.headers);
}

void answer(http::h2_codec& codec, const http::h2_event& event) {
  if (const auto* asked = std::get_if<http::h2_request>(&event)) {
    check(asked->head);
    http::response_head head;
    head.status = 200;
    codec.respond(asked->stream, head, {http::framing::kind::counted, 2});
    codec.lend(asked->stream, "{}");
  } else if (const auto* got = std::get_if<http::h2_response>(&event)) {
    check(got->head.headers);
  } else if (const auto* piece = std::get_if<http::h2_data>(&event)) {
    codec.consumed(piece->stream, piece->data.size());
  } else if (const auto* end = std::get_if<http::h2_end>(&event)) {
    check(end->trailers);
  } else if (const auto* taken = std::get_if<http::h2_taken>(&event)) {
    codec.finish(taken->stream, {});
  }
}

bool turn(http::h2_codec& codec, std::string_view piece) {
  const bool fed = codec.feed(piece, steady_time(std::chrono::seconds(1))).has_value();
  for (const auto& one : codec.take_events()) answer(codec, one);
  std::string out;
  const bool written = codec.output(out, most_output).has_value();
  for (const auto& one : codec.take_events()) answer(codec, one);
  return fed && written;
}

http::request_head question() {
  http::request_head head;
  head.method = "GET";
  head.target = "/v2/";
  head.headers.add("Host", "registry.test");
  return head;
}

}  // namespace

REGPASS_FUZZ_TARGET(h2_codec) {
  const auto how = fuzz::take(bytes);
  const auto size = how / 2 % 16 * 16 + 1U;
  const bool server = how % 2 == 0;
  http::h2_codec codec(server ? http::h2_role::server : http::h2_role::client);
  if (server) turn(codec, http::h2_preface);
  if (!server) (void)codec.request(question(), {});
  if (!server) turn(codec, {});
  while (!bytes.empty()) {
    if (!turn(codec, bytes.substr(0, size))) return;
    bytes.remove_prefix(std::min<std::size_t>(size, bytes.size()));
  }
}
