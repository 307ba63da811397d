// For functions that must return a task but have nothing to wait for.
#pragma once

#include "regpass/async/task.hpp"

namespace regpass::async {

inline task<result<void>> done_already() {
  co_return result<void>();
}

}  // namespace regpass::async
