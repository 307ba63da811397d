// Frames of HTTP/2 by hand, and what a codec makes of bytes, as text.
#pragma once

#include "regpass/http/h2_codec.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regpass::http::h2_test {

enum class frame : std::uint8_t {
  data,
  headers,
  priority,
  rst_stream,
  settings,
  push,
  ping,
  goaway,
  window,
  continuation
};
constexpr std::uint8_t end_stream = 0x1;
constexpr std::uint8_t end_headers = 0x4;

inline std::string number(std::uint64_t value, int bytes) {
  std::string made;
  for (int i = bytes - 1; i >= 0; --i) made += static_cast<char>((value >> (8U * static_cast<unsigned>(i))) & 0xFFU);
  return made;
}

inline std::string raw(frame type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = "") {
  return number(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) + number(stream, 4) +
         std::string(payload);
}

// Literals without Huffman coding and without a table: any byte can be said.
using list = std::vector<std::pair<std::string, std::string>>;
inline std::string block(const list& fields) {
  std::string made;
  for (const auto& [name, value] : fields) {
    for (const auto* text : {&name, &value}) {
      if (text == &name) made += '\0';
      if (text->size() < 127) {
        made += static_cast<char>(text->size());
      } else {
        made += '\x7f';
        auto left = text->size() - 127;
        for (; left >= 128; left /= 128) made += static_cast<char>(0x80U | (left % 128));
        made += static_cast<char>(left);
      }
      made += *text;
    }
  }
  return made;
}

inline list get(std::string path = "/v2/") {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", "registry.test"}, {":path", std::move(path)}};
}

inline list with(list fields, std::initializer_list<std::pair<std::string, std::string>> more) {
  fields.insert(fields.end(), more);
  return fields;
}

inline std::string headers(std::uint32_t stream, const list& fields, bool ends = true) {
  const auto flags = static_cast<std::uint8_t>(end_headers | (ends ? end_stream : 0));
  return raw(frame::headers, flags, stream, block(fields));
}

inline std::string opening() {
  return std::string(h2_preface) + raw(frame::settings, 0, 0);
}

// The frames in what a codec wrote, with the code of those that have one: "SETTINGS RST_STREAM(1,1)".
inline std::string frames_in(std::string_view bytes) {
  constexpr std::string_view names[] = {"DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS",
                                        "PUSH", "PING",    "GOAWAY",   "WINDOW",     "CONTINUATION"};
  if (bytes.starts_with(h2_preface)) bytes.remove_prefix(h2_preface.size());
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  std::string made;
  while (bytes.size() >= 9) {
    const auto size = at(0) << 16U | at(1) << 8U | at(2);
    const auto type = at(3);
    made += (made.empty() ? "" : " ") + std::string(names[type]);
    if (type == 3) made += fmt::format("({},{})", at(7) << 8U | at(8), at(12));
    if (type == 7) made += fmt::format("({})", at(16));
    if (type <= 1 && (at(4) & end_stream) != 0) made += "!";
    bytes.remove_prefix(9 + size);
  }
  return made;
}

inline std::string text_of(const fields& some) {
  std::string made;
  for (const auto& one : some) made += fmt::format(" [{}: {}]", one.name, one.value);
  return made;
}

inline std::string text_of(const framing& how) {
  constexpr std::string_view names[] = {"none", "counted", "chunked", "until_close"};
  const auto name = names[static_cast<std::size_t>(how.how)];
  return how.how == framing::kind::counted ? fmt::format("{} {}", name, how.length) : std::string(name);
}

struct describe {
  std::string& out;
  bool& in_data;
  void say(std::string text) const {
    out += (out.empty() ? "" : "|") + std::move(text);
    in_data = false;
  }
  void operator()(const h2_request& e) const {
    say(fmt::format("{} {} {}{} ({})", e.stream, e.head.method, e.head.target, text_of(e.head.headers),
                    text_of(e.body)));
  }
  void operator()(const h2_response& e) const {
    say(fmt::format("{} {}{} ({})", e.stream, e.head.status, text_of(e.head.headers), text_of(e.body)));
  }
  void operator()(const h2_data& e) const {
    if (!in_data) say(fmt::format("{} data ", e.stream));
    out += e.data;
    in_data = true;
  }
  void operator()(const h2_end& e) const { say(fmt::format("{} end{}", e.stream, text_of(e.trailers))); }
  void operator()(const h2_taken& e) const { say(fmt::format("{} taken", e.stream)); }
  void operator()(const h2_finished& e) const { say(fmt::format("{} finished", e.stream)); }
  void operator()(const h2_closed& e) const {
    say(fmt::format("{} closed {}", e.stream, static_cast<std::uint32_t>(e.code)));
  }
  void operator()(const h2_going_away& e) const {
    say(fmt::format("going away {}", static_cast<std::uint32_t>(e.code)));
  }
};

// What happened so far, as text; data that follows data of the same call is one.
struct transcript {
  std::string text;
  bool in_data = false;
  void add(h2_codec& codec) {
    for (const auto& one : codec.take_events()) std::visit(describe{text, in_data}, one);
  }
};

struct outcome {
  std::string events;
  std::string answer;  // frames
  std::string failure;
};

// A server fed with `bytes` in pieces.
inline outcome serve(const std::vector<std::string_view>& pieces, const h2_limits& limits = {}) {
  h2_codec codec(h2_role::server, limits);
  outcome made;
  transcript seen;
  for (const auto piece : pieces) {
    const auto fed = codec.feed(piece, steady_time(std::chrono::seconds(1)));
    seen.add(codec);
    if (fed) continue;
    made.failure = name_of(fed.error().code);
    break;
  }
  std::string out;
  const auto written = codec.output(out, 1 << 20U);
  if (!written) made.failure = name_of(written.error().code);
  seen.add(codec);
  made.events = seen.text;
  made.answer = frames_in(out);
  return made;
}

}  // namespace regpass::http::h2_test
