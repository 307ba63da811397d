// Keeps a login at the upstream proxy from being tried again and again after it was refused: accounts get locked.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>

namespace regpass::net {

// Thread-safe. Until the proxy has let somebody in, one request at a time finds out; after a refusal nobody asks for 10
// s, twice as long after the next, at most 60 s.
class login_guard {
 public:
  enum class may : std::uint8_t { go, wait, give_up };

  // `give_up`: `refusal` says why. Who goes says later what came of it by one of the three below.
  may enter(steady_time at, error& refusal);
  void accepted();
  void refused(error refusal, steady_time at);
  void unknown();  // there was no answer

 private:
  std::mutex lock_;
  bool good_ = false;
  bool asking_ = false;
  int refusals_ = 0;  // one after the other
  steady_time until_{};
  error refusal_;
};

}  // namespace regpass::net
