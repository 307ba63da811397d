// Runs a decoder the way a connection does, with a buffer that is refilled, and writes down what came as text.
#pragma once

#include "regpass/http/h1_codec.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace regpass::http::test {

inline std::string summary(const request_head& h) {
  return fmt::format("{} {} 1.{}", h.method, h.target, h.minor);
}
inline std::string summary(const response_head& h) {
  return fmt::format("{} {} 1.{}", h.status, h.reason, h.minor);
}

inline std::string summary(const fields& headers) {
  std::string out;
  for (const auto& f : headers) out += fmt::format(" [{}: {}]", f.name, f.value);
  return out;
}

struct outcome {
  std::string text;  // "head GET / 1.1 [Host: a]|data abc|end", or "…|error"
  error failed;      // of the error, if any
  bool is_error = false;
  std::size_t used = 0;  // bytes up to the end of the message
};

// `pieces` arrive one after the other; after the last the peer closes if `eof`.
template <class Head>
outcome run(const std::vector<std::string_view>& pieces, std::string_view method = "GET", bool eof = false,
            const h1_limits& limits = {}) {
  h1_decoder<Head> decoder(limits, method);
  outcome out;
  std::string buffer;
  std::string body;
  bool done = false;
  const auto take = [&](const result<h1_event>& event) {
    const bool data = event && (event->what == h1_event::kind::data || event->what == h1_event::kind::need_more);
    if (!data && !body.empty()) out.text += "|data " + std::exchange(body, "");
    if (!event) {
      out.text += "|error";
      out.failed = event.error();
      out.is_error = done = true;
    } else if (event->what == h1_event::kind::head) {
      out.text += "head " + summary(decoder.head()) + summary(decoder.head().headers);
    } else if (event->what == h1_event::kind::data) {
      body += event->data;
    } else if (event->what == h1_event::kind::end) {
      out.text += "|end" + summary(decoder.trailers());
      done = true;
    }
  };
  for (std::size_t i = 0; i < pieces.size() && !done; ++i) {
    buffer += pieces[i];
    while (!done) {
      const auto event = decoder.next(buffer);
      take(event);
      if (!event) break;
      out.used += event->consumed;
      buffer.erase(0, event->consumed);
      if (event->what == h1_event::kind::need_more) break;
    }
  }
  if (eof && !done) take(decoder.finish());
  if (!body.empty()) out.text += "|data " + body;
  return out;
}

// The message whole, byte by byte, and cut in two at each place: all must give the same.
template <class Head>
std::vector<outcome> run_every_way(std::string_view bytes, std::string_view method = "GET", bool eof = false,
                                   const h1_limits& limits = {}) {
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  std::vector<outcome> all{run<Head>({bytes}, method, eof, limits), run<Head>(single, method, eof, limits)};
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    all.push_back(run<Head>({bytes.substr(0, i), bytes.substr(i)}, method, eof, limits));
  }
  return all;
}

}  // namespace regpass::http::test
