// For functions that return a task but have nothing to wait for.
#pragma once

#include "regpass/net/task.hpp"

namespace regpass::net {

inline task<result<void>> done_already() {
  co_return result<void>();
}

}  // namespace regpass::net
