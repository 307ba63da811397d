// Bounds on what regpass accepts and how long it waits. Each field is a configuration key under [limits]; the reasons
// for the defaults are in docs/limits.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace regpass::options {

struct h1_limits {
  std::size_t head_bytes = 65536;  // start line, fields and final empty line; trailers likewise
  std::size_t head_fields = 100;
  std::size_t target_bytes = 8192;
};

struct h2_limits {
  h1_limits head;                              // of a head after decompression; a name or value counts as its length
  std::uint32_t streams = 100;                 // open at once, per peer
  std::uint32_t stream_window = 256 * 1024;    // body bytes buffered per stream
  std::uint32_t connection_window = 1 << 20U;  // body bytes buffered for all streams of a connection
  std::size_t resets = 200;                    // streams a client may reset in any 10 s
  std::size_t control_frames = 1000;           // frames that carry no part of a message, in any 10 s
};

struct connection_limits {
  h1_limits head;
  h2_limits h2;                         // its head is the one above
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

struct challenge_limits {
  std::size_t bytes = 8 * 1024;  // all WWW-Authenticate fields of a response together
  std::size_t challenges = 8;
  std::size_t scope_bytes = 4 * 1024;
  std::size_t params = 32;  // per challenge
};

struct token_limits {
  std::size_t response_bytes = 1024 * 1024;
  std::size_t token_bytes = 64 * 1024;
};

struct token_bounds {
  challenge_limits challenge;
  token_limits answer;
  std::chrono::milliseconds exchange_within{15'000};
  std::size_t cached_tokens = 1024;
};

// Credential programs: docker-credential helpers and kubelet plugins.
struct program_bounds {
  std::chrono::milliseconds within{10'000};
  std::size_t output_bytes = 64 * 1024;
};

}  // namespace regpass::options
