// Fewer wake-ups inside a long body: the kernel wakes the reader for 64 KiB instead of for every segment (SO_RCVLOWAT,
// socket(7)). Otherwise a fast reader would be woken for every single record of a slower peer.
#pragma once

#include "regpass/async/task.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace regpass::net {

class receive_batch {
 public:
  // Shorter bodies are not worth the system calls.
  static constexpr std::uint64_t least = std::uint64_t{128} * 1024;

  receive_batch(const async::executor& on, int socket);
  receive_batch(const receive_batch&) = delete;
  receive_batch& operator=(const receive_batch&) = delete;
  ~receive_batch();

  // At least so many bytes will arrive.
  void expect(std::uint64_t bytes) noexcept;
  void arrived(std::size_t bytes) noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace regpass::net
