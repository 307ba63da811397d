// HTTP/1.1 as a codec: bytes in, events out; no socket. Beast's parser reads heads and chunk framing, framing.hpp
// validates lengths.
#pragma once

#include "http/framing.hpp"
#include "regpass/base/error.hpp"
#include "regpass/http/message.hpp"
#include "regpass/options/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace regpass::http {

using options::h1_limits;

struct h1_event {
  enum class kind : std::uint8_t {
    need_more,  // all usable bytes were consumed; call again with more (those not consumed first)
    head,       // head() is complete
    data,       // `data` is a piece of the body, inside the caller's buffer
    end         // the message is complete; trailers() may hold fields; bytes that follow belong to the next message
  };
  kind what = kind::need_more;
  std::size_t consumed = 0;  // input bytes that are no longer needed
  std::string_view data;
};

// One message, request or response (Head = request_head | response_head). Make a new decoder for the next message.
// Errors are errc::bad_message, too_large or truncated. After an error the decoder is unusable and the connection must
// be closed.
template <class Head>
class h1_decoder {
 public:
  // `method` is that of the request which a response answers; ignored for requests.
  explicit h1_decoder(const h1_limits& limits = {}, std::string_view method = {});
  ~h1_decoder();
  h1_decoder(h1_decoder&&) noexcept;
  h1_decoder& operator=(h1_decoder&&) noexcept;

  // At most one event per call. Progress is made on every call that does not say need_more.
  result<h1_event> next(std::string_view bytes);
  // The peer closed: `end` for a body that runs until then, else errc::truncated, or errc::closed before the first
  // byte.
  result<h1_event> finish();

  const Head& head() const noexcept;
  Head take_head() noexcept;
  const http::framing& framing() const noexcept;  // valid after `head`
  const fields& trailers() const noexcept;        // valid after `end`
  bool started() const noexcept;                  // a byte of the message was seen

 private:
  struct state;
  std::unique_ptr<state> state_;
};

extern template class h1_decoder<request_head>;
extern template class h1_decoder<response_head>;

// The head of an HTTP/1.1 message with this framing, regardless of the head's own framing fields. An answer's
// Connection field is replaced by `connection`, or omitted if that is empty.
std::string write_head(const request_head&, const framing&);
std::string write_head(const response_head&, const framing&, std::string_view connection);

// Chunk framing for sending: "1a2b\r\n" before the data, "\r\n" after it, and the last chunk with trailers.
std::string chunk_prefix(std::size_t size);
inline constexpr std::string_view chunk_suffix = "\r\n";
std::string last_chunk(const fields& trailers = {});

}  // namespace regpass::http
