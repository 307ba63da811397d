// A BIO that reads from a span of the caller and writes to a buffer: no socket, and no copy in between.
#pragma once

#include "regpass/base/buffer.hpp"
#include "tls/openssl_ptr.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace regpass::tls {

class memory_pipe {
 public:
  void feed(std::span<const char> input) noexcept { input_ = input; }
  std::size_t input_left() const noexcept { return input_.size(); }
  std::size_t take(std::span<char> into) noexcept;

  void append(std::string_view bytes);
  std::string_view output() const noexcept { return output_.view().substr(sent_); }
  void sent(std::size_t bytes) noexcept;
  void take_output(buffer& into) noexcept;  // swaps it with `into`, which is empty
  void release() noexcept;                  // frees the buffer if all of it was sent

 private:
  std::span<const char> input_;
  buffer output_;
  std::size_t sent_ = 0;  // bytes at the front of output_ that are gone already
};

// The pipe must outlive the BIO and must not move. An empty input means "try again", never an end: the engine handles
// ends.
bio_ptr make_bio(memory_pipe& pipe);

}  // namespace regpass::tls
