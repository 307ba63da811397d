// Converts HTTP/2 heads to ours and back (RFC 9113 section 8). Refuses what nghttp2 accepts but must not be translated
// to HTTP/1.1 (T18).
#pragma once

#include "http/framing.hpp"
#include "regpass/base/error.hpp"
#include "regpass/http/h2_codec.hpp"
#include "regpass/http/message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::http {

// Collects the fields of a head.
class h2_head_builder {
 public:
  // False: the head is too large. Its fields are not kept then.
  bool add(std::string_view name, std::string_view value, const h1_limits& limits);
  std::size_t bytes() const noexcept { return bytes_; }

  // `ends`: the head is the whole message. Errors are bad_message.
  result<h2_request> request(bool ends);
  // `method` is that of the request.
  result<h2_response> response(bool ends, std::string_view method);
  // Without the fields that must not be in trailers (RFC 9110 section 6.5.1).
  fields trailers();

 private:
  std::size_t bytes_ = 0;
  std::string method_;
  std::string path_;
  std::optional<std::string> authority_;
  std::string status_;
  std::string cookie_;
  fields fields_;
};

// A field for HPACK. The views point into the given head.
struct h2_field {
  std::string_view name;
  std::string_view value;
  bool sensitive = false;  // must not enter a compression table
};

// Without the fields that HTTP/2 does not allow or need: connection fields, Host (it becomes :authority), and a length
// that `length` replaces.
std::vector<h2_field> h2_fields(const request_head& head, std::string_view length);
std::vector<h2_field> h2_fields(const response_head& head, std::string_view status, std::string_view length,
                                bool keep_length);
std::vector<h2_field> h2_fields(const fields& trailers);

}  // namespace regpass::http
