// Beast's parser with callbacks that fill our model. Included by h1_codec.cpp only: it is slow to compile.
#pragma once

#include "regpass/base/text.hpp"
#include "regpass/http/h1_codec.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace regpass::http {

// Fields that frame, route or authenticate must not be in trailers (RFC 9110 section 6.5.1).
constexpr std::array<std::string_view, 12> not_in_trailers{
    "Authorization",     "Connection",          "Content-Length", "Content-Type", "Host",
    "Location",          "Proxy-Authorization", "Set-Cookie",     "TE",           "Trailer",
    "Transfer-Encoding", "WWW-Authenticate",
};

template <class Head>
class beast_parser final : public boost::beast::http::basic_parser<std::is_same_v<Head, request_head>> {
  using boost_error = boost::beast::error_code;
  using boost_text = boost::beast::string_view;
  using http_error = boost::beast::http::error;

 public:
  explicit beast_parser(const h1_limits& limits) : limits_(limits) {
    this->body_limit(boost::none);
    this->header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    this->eager(false);
  }

  Head head;
  fields trailers;
  std::string_view piece;           // of a chunk, in the caller's buffer; of the last `step` only
  std::uint64_t left_in_chunk = 0;  // 0: a chunk's line comes next
  bool chunks_begun = false;        // the first chunk's line was parsed
  bool last_chunk_begun = false;    // the last chunk's line was parsed

  // One step of Beast's machine: a head, a chunk's line, a piece of a chunk, or the last chunk with trailers.
  // Returns the number of bytes consumed; sets `wants_more` if the step needs more bytes.
  result<std::size_t> step(std::string_view bytes, bool& wants_more) {
    boost_error ec;
    piece = {};
    const auto consumed = this->put({bytes.data(), bytes.size()}, ec);
    wants_more = ec == http_error::need_more;
    if (own_) return std::unexpected(*std::exchange(own_, std::nullopt));
    if (ec && !wants_more) return fail(errc::bad_message, "malformed message: " + ec.message());
    return consumed;
  }

 private:
  void on_request_impl(boost::beast::http::verb, boost_text method, boost_text target, int version,
                       boost_error& ec) override {
    if constexpr (std::is_same_v<Head, request_head>) {
      if (target.size() > limits_.target_bytes) return stop(errc::too_large, "request target too long", ec);
      const bool ascii = std::ranges::all_of(target, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
      if (!ascii) return stop(errc::bad_message, "request target is not ASCII", ec);
      head.method.assign(method.data(), method.size());
      head.target.assign(target.data(), target.size());
      head.minor = version % 10;
    }
  }

  void on_response_impl(int code, boost_text reason, int version, boost_error& ec) override {
    if constexpr (std::is_same_v<Head, response_head>) {
      if (code < 100) return stop(errc::bad_message, "status code below 100", ec);
      head.status = code;
      head.reason.assign(reason.data(), reason.size());
      head.minor = version % 10;
    }
  }

  void on_field_impl(boost::beast::http::field, boost_text name, boost_text value, boost_error& ec) override {
    auto& section = last_chunk_begun ? trailers : head.headers;
    if (section.size() >= limits_.head_fields) return stop(errc::too_large, "too many header fields", ec);
    const auto forbids = [&](std::string_view known) { return iequals(known, {name.data(), name.size()}); };
    if (last_chunk_begun && std::ranges::any_of(not_in_trailers, forbids)) {
      return stop(errc::bad_message, "trailer field that must be a header field", ec);
    }
    section.add({name.data(), name.size()}, {value.data(), value.size()});
  }

  void on_chunk_header_impl(std::uint64_t size, boost_text, boost_error&) override {
    chunks_begun = true;
    last_chunk_begun = size == 0;
    left_in_chunk = size;
  }

  std::size_t on_chunk_body_impl(std::uint64_t remaining, boost_text body, boost_error&) override {
    piece = {body.data(), body.size()};
    left_in_chunk = remaining - body.size();
    return body.size();
  }

  void on_header_impl(boost_error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, boost_error&) override {}
  std::size_t on_body_impl(boost_text, boost_error&) override { return 0; }  // counted bodies are not passed to Beast
  void on_finish_impl(boost_error&) override {}

  void stop(errc code, const char* why, boost_error& ec) {
    own_ = fail(code, why).error();
    ec = http_error::bad_value;
  }

  h1_limits limits_;
  std::optional<error> own_;
};

}  // namespace regpass::http
