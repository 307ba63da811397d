#include "regpass/async/task.hpp"

#include "regpass/base/log.hpp"

#include <exception>
#include <string>
#include <utility>

namespace regpass::async {

void spawn(const executor& on, task<void> work, std::string_view name) {
  run_to_end(std::move(work), [name](const task_end<void>& made) {
    try {
      made.take();
    } catch (const std::exception& bug) {
      log::write(log::level::error, "bug", std::string(name) + " ended by an exception: " + bug.what());
    } catch (...) {
      log::write(log::level::error, "bug", std::string(name) + " ended by an unknown exception");
    }
  }).start(on);
}

}  // namespace regpass::async
