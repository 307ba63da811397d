// Bounds of connections (docs/threat-model.md), each a configuration key under [limits].
#pragma once

#include "regpass/http/h1_codec.hpp"
#include "regpass/http/h2_codec.hpp"

#include <chrono>
#include <cstddef>

namespace regpass::transport {

struct limits {
  http::h1_limits head;
  http::h2_limits h2;                   // its head is the one above
  std::size_t body_buffer = 64 * 1024;  // per direction of a connection
  std::size_t interim_responses = 8;
  std::chrono::milliseconds head_within{10'000};  // from a request's first byte to its last head byte
  std::chrono::milliseconds tls_within{10'000};
  std::chrono::milliseconds connect_within{10'000};
  std::chrono::milliseconds idle_for{60'000};  // between requests, and between two pieces of a body
  std::chrono::milliseconds response_within{
      600'000};                      // from the request's last byte to the response's head: registries assemble blobs
  std::size_t idle_per_origin = 32;  // pooled upstream connections per worker
};

}  // namespace regpass::transport
