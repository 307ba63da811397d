// Heads of HTTP/2 to heads of ours and back (RFC 9113 section 8). What nghttp2 accepts and a translation to HTTP/1.1
// must not is refused here (T18).
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

// A head while its fields come in.
class h2_head_builder {
 public:
  // False: the head is longer than it may be. The fields are not kept then.
  bool add(std::string_view name, std::string_view value, const h1_limits& limits);
  std::size_t bytes() const noexcept { return bytes_; }

  // `ends`: the head is the whole message. Errors are bad_message.
  result<h2_request> request(bool ends);
  // `method` is that of the request.
  result<h2_response> response(bool ends, std::string_view method);
  // What a trailer must not say is left out (RFC 9110 section 6.5.1).
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

// A field as it goes into HPACK. The views are into the head given.
struct h2_field {
  std::string_view name;
  std::string_view value;
  bool sensitive = false;  // never to be in a compression table
};

// Without what HTTP/2 has no use for: connection fields, Host (it becomes :authority), a length that `length` replaces.
std::vector<h2_field> h2_fields(const request_head& head, std::string_view length);
std::vector<h2_field> h2_fields(const response_head& head, std::string_view status, std::string_view length,
                                bool keep_length);
std::vector<h2_field> h2_fields(const fields& trailers);

}  // namespace regpass::http
